import type { Clock, Timer } from "../effects/mod.ts";

/** What an event stream is given beside its frames. */
export interface SseOptions {
  /** Times the pings. */
  readonly clock: Clock;
  /** Aborted when the client leaves. */
  readonly signal: AbortSignal;
  /** More headers of the answer; those of an event stream win. @default {} */
  readonly headers?: Readonly<Record<string, string>>;
  /** Milliseconds without a frame after which a comment keeps the connection open, each time. @default 15_000 */
  readonly pingAfter?: number;
}

const PING = new TextEncoder().encode(": ping\n\n");

/**
 * An answer that is an event stream (WHATWG HTML, server-sent events). Frames are asked for as the client takes them. An
 * error of `frames` breaks the connection: what can be told must be a frame. When the client leaves, `frames` is asked
 * to return; a generator hears that only at its next `yield`, so what it waits for should hear the signal too.
 *
 * @param frames whole events as they go out, each with its empty line
 */
export function sseResponse(frames: AsyncIterable<string>, options: SseOptions): Response {
  return new Response(streamOf(frames, options), {
    headers: {
      ...options.headers,
      "content-type": "text/event-stream",
      "cache-control": "no-cache, no-transform",
      "x-accel-buffering": "no",
    },
  });
}

function streamOf(
  frames: AsyncIterable<string>,
  { clock, signal, pingAfter = 15_000 }: SseOptions,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  const iterator = frames[Symbol.asyncIterator]();
  /** The frame that is under way; a ping does not give it up. */
  let next: Promise<IteratorResult<string>> | null = null;
  let timer: Timer | null = null;
  let leave = () => {};

  const stopTimer = () => {
    if (timer !== null) clock.clearTimeout(timer);
    timer = null;
  };
  const settle = () => {
    stopTimer();
    signal.removeEventListener("abort", leave);
  };

  return new ReadableStream<Uint8Array>({
    start(controller) {
      leave = () => {
        settle();
        controller.error(signal.reason);
        abandon(iterator);
      };
      if (signal.aborted) leave();
      else signal.addEventListener("abort", leave, { once: true });
    },
    async pull(controller) {
      const silent = new Promise<null>((resolve) => {
        timer = clock.setTimeout(() => resolve(null), pingAfter);
      });
      try {
        next ??= iterator.next();
        const result = await Promise.race([next, silent]);
        stopTimer();
        if (result === null) return controller.enqueue(PING.slice());
        next = null;
        if (signal.aborted) return;
        if (!result.done) return controller.enqueue(encoder.encode(result.value));
        settle();
        controller.close();
      } catch (error) {
        settle();
        throw error;
      }
    },
    cancel() {
      settle();
      abandon(iterator);
    },
  }, { highWaterMark: 0 });
}

/** Nobody is left to hear how that ends. */
function abandon(iterator: AsyncIterator<string>): void {
  iterator.return?.().catch(() => {});
}
