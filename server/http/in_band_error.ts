import { RefusedError } from "../conversations/mod.ts";
import { asGatehouseError } from "./error_response.ts";

/** The error body of a failure that has no status to be told by: its answer has begun, or there is none. */
export interface InBandError {
  /** The fields of every error body, and what a status and its headers would have said. */
  readonly error: {
    readonly message: string;
    readonly type: string;
    readonly param: string | null;
    /** One of Gatehouse's own, or the upstream's word. */
    readonly code: string;
    /** Of a refusal: the upstream's. */
    readonly status?: number;
    /** Seconds, where it is known. */
    readonly retry_after?: number;
  };
  /** The message again. */
  readonly detail: string;
}

/**
 * Any thrown value as an in-band error. A refusal of the upstream comes in its own words where it has them in the four
 * fields, and without all others. What is unknown is not shown: it may hold a secret.
 */
export function inBandError(thrown: unknown): InBandError {
  if (thrown instanceof RefusedError) return refusalBody(thrown);
  const known = asGatehouseError(thrown);
  const { error, detail } = known.toBody();
  const { retryAfterSeconds } = known;
  return { error: retryAfterSeconds === null ? error : { ...error, retry_after: retryAfterSeconds }, detail };
}

function refusalBody({ message: own, refused: { status, headers, body } }: RefusedError): InBandError {
  const said = errorOf(body);
  const message = textIn(said, "message") ?? own;
  const retryAfter = headers["retry-after"] ?? "";
  return {
    error: {
      message,
      type: textIn(said, "type") ?? "api_error",
      param: textIn(said, "param"),
      code: textIn(said, "code") ?? "upstream_failed",
      status,
      ...(/^\d{1,9}$/.test(retryAfter) ? { retry_after: Number(retryAfter) } : {}),
    },
    detail: message,
  };
}

/** What a JSON body has under `error`; a bare string there is the message. */
function errorOf(body: Uint8Array): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(body));
    const error = isObject(value) ? value.error : null;
    if (typeof error === "string") return { message: error };
    return isObject(error) ? error : {};
  } catch {
    return {};
  }
}

/** The text of a field; null: it has none. */
function textIn(fields: Readonly<Record<string, unknown>>, name: string): string | null {
  const value = fields[name];
  return typeof value === "string" && value !== "" ? value : null;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
