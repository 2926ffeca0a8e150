import { NetworkError } from "./http_client.ts";
import { hostPort } from "./safe_url.ts";
import type { Watchdog } from "./watchdog.ts";

/** How {@linkcode readBody} bounds what it reads. */
export interface ReadBodyOptions {
  /** More bytes than these are refused. */
  readonly maxBytes: number;
  /** Milliseconds between two chunks; 0: no limit. */
  readonly silence: number;
  readonly watchdog: Watchdog;
  readonly signal?: AbortSignal;
}

/** The body is longer than the reader was ready to take. */
export class BodyTooLargeError extends RangeError {
  override readonly name = "BodyTooLargeError";
  readonly maxBytes: number;

  constructor(maxBytes: number) {
    super(`The body is longer than ${maxBytes} bytes.`);
    this.maxBytes = maxBytes;
  }
}

/**
 * Reads a whole body into memory. Whatever happens, the body is read to its end or cancelled.
 *
 * @throws {BodyTooLargeError} when it is longer than `maxBytes`
 * @throws {NetworkError} `broken` when it ends too early, `silent` when nothing comes for `silence`
 * @throws the signal's reason when it was aborted
 */
export async function readBody(response: Response, options: ReadBodyOptions): Promise<Uint8Array<ArrayBuffer>> {
  const { maxBytes, silence, watchdog, signal } = options;
  if (response.body === null) return new Uint8Array();
  const reader = response.body.getReader();
  let stopped: { readonly reason: unknown } | null = null;
  const stop = (reason: unknown) => {
    stopped ??= { reason };
    reader.cancel().catch(() => {}); // it may be broken already: that is what we are leaving for
  };
  const onAbort = () => stop(signal?.reason);
  const watch = watchdog.watch({ silence, total: 0 }, () => {
    stop(new NetworkError("silent", true, `${who(response)} sent nothing for ${silence / 1000} s within its answer.`));
  });
  signal?.addEventListener("abort", onAbort, { once: true });
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    if (signal?.aborted) onAbort();
    if (Number(response.headers.get("content-length") ?? 0) > maxBytes) stop(new BodyTooLargeError(maxBytes));
    for (;;) {
      const { done, value } = await reader.read().catch(() => {
        throw new NetworkError("broken", true, `The connection to ${who(response)} ended within its answer.`);
      });
      if (done || stopped !== null) break;
      watch.touch();
      length += value.byteLength;
      if (length > maxBytes) stop(new BodyTooLargeError(maxBytes));
      else chunks.push(value);
    }
  } catch (error) {
    stopped ??= { reason: error };
  } finally {
    watch.stop();
    signal?.removeEventListener("abort", onAbort);
  }
  throwIfStopped(stopped);
  return join(chunks, length);
}

function throwIfStopped(stopped: { readonly reason: unknown } | null): void {
  if (stopped !== null) throw stopped.reason;
}

function who(response: Response): string {
  const url = URL.parse(response.url);
  return url === null ? "the far side" : hostPort(url);
}

function join(chunks: readonly Uint8Array[], length: number): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.byteLength;
  }
  return all;
}
