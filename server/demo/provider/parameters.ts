import { DEMO_CLIENT } from "./client.ts";
import { OAuthError } from "./oauth_error.ts";

/** Request parameters: each at most once, empty ones left out (RFC 6749 §3.1 and §3.2). */
export type Parameters = ReadonlyMap<string, string>;

/**
 * Reads the parameters of a form or a query.
 *
 * @throws OAuthError `invalid_request` when one is given twice
 */
export function readParameters(search: URLSearchParams): Parameters {
  const parameters = new Map<string, string>();
  for (const [name, value] of search) {
    if (parameters.has(name)) throw new OAuthError("invalid_request", `Parameter given twice: ${printable(name)}`);
    parameters.set(name, value);
  }
  for (const [name, value] of parameters) if (value === "") parameters.delete(name);
  return parameters;
}

/** Reads an `application/x-www-form-urlencoded` body, as {@linkcode readParameters} does. */
export async function readForm(request: Request): Promise<Parameters> {
  const type = request.headers.get("content-type")?.split(";")[0]?.trim().toLowerCase();
  if (type !== "application/x-www-form-urlencoded") {
    throw new OAuthError("invalid_request", "Send application/x-www-form-urlencoded");
  }
  return readParameters(new URLSearchParams(await request.text()));
}

/** The value of `name`; without it `invalid_request`. */
export function required(parameters: Parameters, name: string): string {
  const value = parameters.get(name);
  if (value === undefined) throw new OAuthError("invalid_request", `Missing parameter: ${name}`);
  return value;
}

/** The client's id; another than the demo's is `invalid_client`. */
export function knownClient(parameters: Parameters): string {
  const id = required(parameters, "client_id");
  if (id !== DEMO_CLIENT) throw new OAuthError("invalid_client", `Unknown client; the demo knows ${DEMO_CLIENT}`);
  return id;
}

/** RFC 6749 §5.2 allows few characters in a description. */
function printable(text: string): string {
  return text.slice(0, 40).replaceAll(/[^\x20-\x21\x23-\x5B\x5D-\x7E]/g, "?");
}
