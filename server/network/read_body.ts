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
  if (Number(response.headers.get("content-length") ?? 0) > options.maxBytes) {
    await response.body?.cancel();
    throw new BodyTooLargeError(options.maxBytes);
  }
  const read = await readShortBody(response, options);
  if (read instanceof Uint8Array) return read;
  await read.cancel();
  throw new BodyTooLargeError(options.maxBytes);
}

/**
 * Reads a body into memory as far as `maxBytes`.
 *
 * @returns the whole body, or, where it is longer, a stream of all of it
 * @throws as {@linkcode readBody}, but for its length
 */
export async function readShortBody(
  response: Response,
  options: ReadBodyOptions,
): Promise<Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>> {
  const { maxBytes, silence, watchdog, signal } = options;
  if (response.body === null) return new Uint8Array();
  const reader = response.body.getReader();
  const chunks: Uint8Array[] = [];
  let length = 0;
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
  let ended = false;
  try {
    if (signal?.aborted) onAbort();
    while (!ended && length <= maxBytes && stopped === null) {
      const { done, value } = await reader.read();
      ended = done;
      if (value === undefined) continue;
      watch.touch();
      length += value.byteLength;
      chunks.push(value);
    }
  } catch (error) {
    // A foreign error may hold a URL; what it says is that the connection is gone.
    const text = `The connection to ${who(response)} ended within its answer.`;
    stopped ??= { reason: error instanceof NetworkError ? error : new NetworkError("broken", true, text) };
  } finally {
    watch.stop();
    signal?.removeEventListener("abort", onAbort);
  }
  throwIfStopped(stopped);
  return ended ? join(chunks, length) : resumed(chunks, reader);
}

/** The chunks that were read, then what else the reader gives. */
function resumed(
  chunks: readonly Uint8Array[],
  reader: ReadableStreamDefaultReader<Uint8Array>,
): ReadableStream<Uint8Array> {
  const read = [...chunks];
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const first = read.shift();
      if (first !== undefined) return controller.enqueue(first);
      const { done, value } = await reader.read();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: (reason) => reader.cancel(reason),
  }, { highWaterMark: 0 });
}

function throwIfStopped(stopped: { readonly reason: unknown } | null): void {
  if (stopped !== null) throw stopped.reason;
}

function who(response: Response): string {
  const url = URL.parse(response.url);
  return url === null ? "the far side" : hostPort(url);
}

function join(chunks: readonly Uint8Array[], length: number): Uint8Array<ArrayBuffer> {
  const [first] = chunks;
  // Most short answers come in one piece.
  if (chunks.length === 1 && first?.buffer instanceof ArrayBuffer) {
    return new Uint8Array(first.buffer, first.byteOffset, length);
  }
  const all = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.byteLength;
  }
  return all;
}
