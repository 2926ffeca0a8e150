import { GatehouseError } from "../errors/mod.ts";
import { scanObject } from "../upstream/mod.ts";
import { demandJson, readRequestBody } from "./read_request.ts";
import { type BodyIssue, describeIssue } from "./read_json_issue.ts";

/** How {@linkcode readJson} reads. */
export interface ReadJsonOptions {
  /** The longest body that is read, in bytes. */
  readonly maxBytes: number;
  /** What cannot be done with a wrong body: completes `Cannot …:`, such as `create this key`. */
  readonly what: string;
  /** Whether a request without a body, whatever its content type, means `{}`. @default false */
  readonly isOptional?: boolean;
}

/** What a body is held to: a schema of `zod` is one. */
export interface BodySchema<T> {
  /** The value as the schema gives it, or what is wrong with it. */
  safeParse(
    value: unknown,
  ):
    | { readonly success: true; readonly data: T }
    | { readonly success: false; readonly error: { readonly issues: readonly BodyIssue[] } };
}

/**
 * Reads a request's body as one JSON object and holds it to a schema. Unknown fields are faults where the schema is a
 * `z.strictObject`; nulls count as absent where it says `nullish()`.
 *
 * Loading zod costs more than a start should: a surface keeps its schemas in a file of their own and imports that when
 * a request needs it.
 *
 * @param schema built by `zod`, not by `zod/mini`, which has no messages
 * @throws {GatehouseError} `unsupported_media_type`, `body_too_large`, `client_closed_request`, `invalid_json`, and
 * `invalid_field` whose `param` is the dotted path of the first wrong field (`budget.period`, `messages.0`)
 */
export async function readJson<T>(
  request: Request,
  schema: BodySchema<T>,
  { maxBytes, what, isOptional = false }: ReadJsonOptions,
): Promise<T> {
  if (!isOptional) demandJson(request);
  const bytes = await readRequestBody(request, maxBytes);
  const isNothing = isOptional && bytes.length === 0;
  if (!isNothing) demandJson(request);
  const value = isNothing ? {} : parseObject(bytes, what);
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const { param, text } = describeIssue(parsed.error.issues, value);
  throw new GatehouseError("invalid_field", `Cannot ${what}: ${text}`, param === "" ? {} : { param });
}

/** One JSON object whose top-level keys are all different. */
function parseObject(bytes: Uint8Array, what: string): unknown {
  const scan = scanObject(bytes);
  let reason = "it is not valid UTF-8";
  if (!scan.ok) reason = scan.reason;
  else {
    try {
      return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    } catch {
      // The grammar has been checked: only the letters can be wrong.
    }
  }
  throw new GatehouseError(
    "invalid_json",
    `Cannot ${what}: the body cannot be read: ${reason}; send one JSON object, each key once`,
  );
}
