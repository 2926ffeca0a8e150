import type { Authorization, Credential } from "../credential/mod.ts";
import { GatehouseError } from "../errors/mod.ts";
import { BodyTooLargeError, type HttpClient, NetworkError, readBody, safeUrl, type Watchdog } from "../network/mod.ts";
import type { UpstreamSettings } from "../settings/mod.ts";
import { redact, redactText } from "./redact.ts";
import { createSlots, type Slots } from "./slots.ts";

/** One call to the model, as the surface made it. */
export interface UpstreamCall {
  /** The model's full URL. */
  readonly url: URL;
  /** `POST` for a model call, `GET` for the model list. */
  readonly method: "GET" | "POST";
  /** What crosses the gate; the credential and the settings' headers are added here. */
  readonly headers: Readonly<Record<string, string>>;
  /** Null: none. */
  readonly body: Uint8Array<ArrayBuffer> | null;
  /** Ends the call until its headers are here; from then on cancel the body. */
  readonly signal: AbortSignal;
  /** Milliseconds of silence before the headers. */
  readonly silence: number;
  /** Tries where nothing was sent. */
  readonly attempts: number;
  /** Called right before the request goes out, the credential in hand; once more before the retry after a 401. */
  readonly onSend?: () => void;
}

/**
 * The model's answer at its headers. A status of 400 or more comes with its whole body, searched for the credential; text
 * of a failure that is reported in another answer goes through `clean`.
 */
export type UpstreamAnswer =
  | { readonly ok: true; readonly response: Response; readonly clean: (text: string) => string }
  | { readonly ok: false; readonly status: number; readonly headers: Headers; readonly body: Uint8Array<ArrayBuffer> };

/** One model provider behind the gate. */
export interface Upstream {
  /** The key of all that belongs to it. */
  readonly name: string;
  /** What it was built from. */
  readonly settings: UpstreamSettings;
  /** Gives the headers. */
  readonly credential: Credential;
  /** Bounds the calls at once. */
  readonly slots: Slots;
  /**
   * Sends one call with the credential; a 401 is answered by one refresh and one retry, before anything reached the client.
   *
   * @throws {GatehouseError} `reauth_required`, `credential_unavailable`, `upstream_unauthorized`, `upstream_unreachable`,
   * `upstream_failed`, `upstream_timeout`
   * @throws the signal's reason
   */
  send(call: UpstreamCall): Promise<UpstreamAnswer>;
}

/** Error bodies are read whole to be searched; a longer one is not passed on. */
const MAX_ERROR_BODY = 16 * 1024 * 1024;

/** No key is shorter, in characters. */
const SECRET_LENGTH = 16;

/** One upstream; nothing is sent yet. */
export function createUpstream(
  { settings, credential, http, watchdog }: {
    readonly settings: UpstreamSettings;
    readonly credential: Credential;
    readonly http: HttpClient;
    readonly watchdog: Watchdog;
  },
): Upstream {
  const { name } = settings;
  const extra = settings.extraHeaders.map(([header, value]) => [header, value.reveal()] as const);
  // A key may stand in an extra header; a short value is a version or a switch, and would be found everywhere.
  const extraSecrets = extra.map(([, value]) => value).filter((value) => value.length >= SECRET_LENGTH);

  async function attempt(call: UpstreamCall, authorization: readonly (readonly [string, string])[]): Promise<Response> {
    const { body, signal, onSend, ...request } = call;
    const headers = { ...call.headers };
    for (const [header, value] of extra) headers[header] = value;
    for (const [header, value] of authorization) headers[header] = value;
    signal.throwIfAborted();
    onSend?.();
    try {
      return await http.fetch({ ...request, signal, headers, ...(body === null ? {} : { body }) });
    } catch (error) {
      throw failure(error, name);
    }
  }

  return {
    name,
    settings,
    credential,
    slots: createSlots(settings.maxConcurrent),
    async send(call) {
      const { signal } = call;
      const first = await credential.authorize(signal);
      let last = first;
      let response = await attempt(call, first.headers);
      if (response.status === 401) {
        await response.body?.cancel();
        last = await credential.rejected(first.generation, signal);
        response = await attempt(call, last.headers);
      }
      const { status } = response;
      const secrets = () => [...sentIn(first), ...sentIn(last), ...credential.secrets(), ...extraSecrets];
      if (status >= 200 && status < 300) return { ok: true, response, clean: (text) => redactText(text, secrets()) };
      if (status === 401 || status === 407) {
        await response.body?.cancel();
        throw unauthorized(status, name);
      }
      if (status > 599) {
        await response.body?.cancel();
        throw new GatehouseError(
          "upstream_failed",
          `Cannot use the answer of upstream ${name}: its status ${status} is not one of HTTP; check LLM_API_URL`,
        );
      }
      if (status < 400) {
        await response.body?.cancel();
        throw new GatehouseError(
          "upstream_failed",
          `Cannot call the model: ${
            safeUrl(call.url)
          } answers with a redirect (${status}), which is not followed; set the final URL`,
        );
      }
      try {
        const body = await readBody(response, {
          maxBytes: MAX_ERROR_BODY,
          silence: settings.requestTimeout,
          watchdog,
          signal,
        });
        return { ok: false, status, headers: response.headers, body: redact(body, secrets()) };
      } catch (error) {
        throw failure(error, name);
      }
    },
  };
}

/** The bare values that a request carried: a refresh may have replaced them while it was on its way. */
function sentIn({ headers }: Authorization): string[] {
  return headers.map(([, value]) => value.replace(/^Bearer /, ""));
}

function unauthorized(status: number, name: string): GatehouseError {
  return new GatehouseError(
    "upstream_unauthorized",
    status === 407
      ? `Cannot call the model: the proxy on the way to upstream ${name} asks for a login (407); put user and password into HTTP_PROXY_URL`
      : `Cannot call the model: upstream ${name} refuses the credential even after a refresh (401); check scope, audience and LLM_API_URL`,
  );
}

/** A network failure in the words of the contract; anything else, such as the reason of an abort, stays what it is. */
export function failure(error: unknown, name: string): unknown {
  if (error instanceof BodyTooLargeError) {
    return new GatehouseError("upstream_failed", `Cannot use the answer of upstream ${name}: it is too long`);
  }
  if (!(error instanceof NetworkError)) return error;
  switch (error.kind) {
    case "unreachable":
      return new GatehouseError("upstream_unreachable", `Cannot reach upstream ${name}: ${error.message}`);
    case "broken":
      return new GatehouseError(
        "upstream_failed",
        `Cannot use the answer of upstream ${name}: ${error.message}; try again`,
      );
    case "silent":
      return new GatehouseError(
        "upstream_timeout",
        `Gave up waiting for upstream ${name}: ${error.message}; raise LLM_REQUEST_TIMEOUT or ask for less`,
      );
  }
}
