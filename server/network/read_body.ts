import { NetworkError } from "./http_client.ts";
import { hostPort } from "./safe_url.ts";
import type { Watchdog } from "./watchdog.ts";

/** How {@linkcode readBody} bounds what it reads. */
export interface ReadBodyOptions {
  /** More bytes than these are refused. */
  readonly maxBytes: number;
  /** Milliseconds between two chunks; 0: no limit. */
  readonly silence: number;
  /** Keeps the time. */
  readonly watchdog: Watchdog;
  /** Ends the reading. */
  readonly signal?: AbortSignal;
}

/** The body is longer than the reader was ready to take. */
export class BodyTooLargeError extends RangeError {
  /** The class's own name. */
  override readonly name = "BodyTooLargeError";
  /** The limit, in bytes. */
  readonly maxBytes: number;

  /** A refusal. @param maxBytes the limit, in bytes */
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
  const declared = Number(response.headers.get("content-length") ?? NaN);
  const source = chunkSource(response.body, maxBytes);
  let stopped: { readonly reason: unknown } | null = null;
  const stop = (reason: unknown) => {
    stopped ??= { reason };
    source.cancel();
  };
  const onAbort = () => stop(signal?.reason);
  const watch = watchdog.watch({ silence, total: 0 }, () => {
    stop(new NetworkError("silent", true, `${who(response)} sent nothing for ${silence / 1000} s within its answer.`));
  });
  signal?.addEventListener("abort", onAbort, { once: true });
  try {
    if (signal?.aborted) onAbort();
    if (declared > maxBytes) stop(new BodyTooLargeError(maxBytes));
    while (await source.more()) {
      if (stopped !== null) break;
      watch.touch();
    }
  } catch (error) {
    const broken = new NetworkError("broken", true, `The connection to ${who(response)} ended within its answer.`);
    if (error instanceof BodyTooLargeError) stop(error);
    else stopped ??= { reason: broken };
  } finally {
    watch.stop();
    signal?.removeEventListener("abort", onAbort);
  }
  throwIfStopped(stopped);
  return source.bytes();
}

/** Where a body is read from, piece by piece. */
interface Source {
  /** Reads a piece; false at the end. */
  more(): Promise<boolean>;
  /** Lets the rest go. */
  cancel(): void;
  /** All that was read. */
  bytes(): Uint8Array<ArrayBuffer>;
}

function chunkSource(body: ReadableStream<Uint8Array>, maxBytes: number): Source {
  const reader = body.getReader();
  const chunks: Uint8Array[] = [];
  let length = 0;
  return {
    async more() {
      const { done, value } = await reader.read();
      if (done) return false;
      length += value.byteLength;
      if (length > maxBytes) throw new BodyTooLargeError(maxBytes);
      chunks.push(value);
      return true;
    },
    cancel: () => void reader.cancel().catch(() => {}), // as above
    bytes: () => join(chunks, length),
  };
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
