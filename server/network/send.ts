import type { Clock } from "../effects/mod.ts";
import { isConnectFailure, readFailure } from "./failure.ts";
import { NetworkError, type OutgoingRequest } from "./http_client.ts";
import type { Route } from "./routes.ts";
import { hostPort } from "./safe_url.ts";

/**
 * Sends `request` once over `route` and answers at the headers.
 *
 * @throws {NetworkError} when no answer came
 * @throws the signal's reason when it was aborted
 */
export async function send(request: OutgoingRequest, route: Route, clock: Clock): Promise<Response> {
  const { url, signal, silence, method = "GET" } = request;
  signal.throwIfAborted();
  const headers = new Headers(request.headers);
  headers.set("accept-encoding", "identity");
  const controller = new AbortController();
  const onAbort = () => controller.abort(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  let silent = false;
  const timer = silence > 0
    ? clock.setTimeout(() => {
      silent = true;
      controller.abort();
    }, silence)
    : null;
  try {
    const response = await fetch(url, {
      method,
      headers,
      body: unrepeatable(method, request.body),
      redirect: "manual",
      signal: controller.signal,
      client: route.client,
    });
    if (!signal.aborted) return response;
    await response.body?.cancel();
    throw signal.reason;
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    const where = `${hostPort(url)} ${route.label}`;
    if (silent) {
      throw new NetworkError("silent", true, `${where} did not begin to answer within ${silence / 1000} s.`);
    }
    const { what, fix } = readFailure(error);
    if (isConnectFailure(error)) throw new NetworkError("unreachable", false, `Cannot reach ${where}: ${what}. ${fix}`);
    throw new NetworkError("broken", true, `The connection to ${where} ended before the answer: ${what}.`);
  } finally {
    if (timer !== null) clock.clearTimeout(timer);
    signal.removeEventListener("abort", onAbort);
  }
}

/**
 * Deno's fetch silently sends a request a second time when the connection ends before the answer (denoland/deno #35610):
 * for a token or a chat request that is a reuse or a second bill. It cannot do so with a body that it cannot copy, which
 * a Blob is; and a Blob still has a `content-length`. A GET has no body and may be repeated (RFC 9110, 9.2.2).
 */
function unrepeatable(method: string, body: Uint8Array<ArrayBuffer> | string | undefined): Blob | null {
  if (body !== undefined) return new Blob([body]);
  return method === "GET" || method === "HEAD" ? null : new Blob([]);
}
