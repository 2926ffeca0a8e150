import { type Clock, delay } from "../../effects/mod.ts";
import type { Chunk } from "./chunks.ts";

const encoder = new TextEncoder();

/**
 * Sends chunks as server-sent events with `ms` milliseconds between them, then `[DONE]`. Nothing is produced faster
 * than it is read, and nothing after the reader has left.
 *
 * @param signal aborts when the reader leaves or the demo stops: the stream breaks off
 */
export function eventStream(chunks: Iterator<Chunk>, ms: number, clock: Clock, signal: AbortSignal): Response {
  let isFirst = true;
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      if (!isFirst) await delay(clock, ms, signal);
      isFirst = false;
      const next = chunks.next();
      const data = next.done ? "[DONE]" : JSON.stringify(next.value);
      controller.enqueue(encoder.encode(`data: ${data}\n\n`));
      if (next.done) controller.close();
    },
  }, { highWaterMark: 0 });
  return new Response(body, {
    headers: {
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-cache, no-transform",
      "x-accel-buffering": "no",
    },
  });
}
