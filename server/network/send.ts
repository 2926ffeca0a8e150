import { isConnectFailure, readFailure } from "./failure.ts";
import { NetworkError, type OutgoingRequest } from "./http_client.ts";
import type { Route } from "./routes.ts";
import { hostPort } from "./safe_url.ts";
import type { Watchdog } from "./watchdog.ts";

/**
 * Sends `request` once over `route` and answers at the headers.
 *
 * @throws {NetworkError} when no answer came
 * @throws the signal's reason when it was aborted
 */
export async function send(request: OutgoingRequest, route: Route, watchdog: Watchdog): Promise<Response> {
  const { url, signal, silence, method = "GET" } = request;
  signal.throwIfAborted();
  const own = request.abort === undefined && silence > 0 ? linked(signal) : null;
  const heard = own === null ? signal : own.controller.signal;
  const where = () => `${hostPort(url)} ${route.label}`;
  const onSilence = () => {
    const error = new NetworkError("silent", true, `${where()} did not begin to answer within ${silence / 1000} s.`);
    if (own === null) request.abort?.(error);
    else own.controller.abort(error);
  };
  // The shared timer: one of its own for every request would cost a quarter of the rest.
  const watch = silence > 0 ? watchdog.watch({ silence, total: 0 }, onSilence) : null;
  try {
    const response = await fetch(url, {
      method,
      headers: headersOf(request),
      body: unrepeatable(method, request.body),
      redirect: "manual",
      signal: heard,
      client: route.client,
    });
    if (!heard.aborted) return response;
    await response.body?.cancel();
    throw heard.reason;
  } catch (error) {
    if (heard.aborted) throw heard.reason;
    const { what, fix } = readFailure(error);
    if (isConnectFailure(error)) {
      throw new NetworkError("unreachable", false, `Cannot reach ${where()}: ${what}. ${fix}`);
    }
    throw new NetworkError("broken", true, `The connection to ${where()} ended before the answer: ${what}.`);
  } finally {
    watch?.stop();
    own?.unlink();
  }
}

/** A controller that follows `signal` until it is unlinked. */
function linked(signal: AbortSignal): { readonly controller: AbortController; readonly unlink: () => void } {
  const controller = new AbortController();
  const onAbort = () => controller.abort(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  return { controller, unlink: () => signal.removeEventListener("abort", onAbort) };
}

function headersOf({ headers }: OutgoingRequest): Record<string, string> {
  const record = headers instanceof Headers ? Object.fromEntries(headers) : { ...headers };
  record["accept-encoding"] = "identity";
  return record;
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
