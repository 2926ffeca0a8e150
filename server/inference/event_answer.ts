import { Buffer } from "node:buffer";
import { GatehouseError } from "../errors/mod.ts";
import { type ModelEvent, readEvents, type UpstreamAnswer, type Usage } from "../upstream/mod.ts";
import { type AnswerContext, headersOf } from "./answers.ts";
import type { Ending } from "./ending.ts";
import type { EventCall, EventStream } from "./event_call.ts";

/** An answer that is no refusal. */
type SentAnswer = Extract<UpstreamAnswer, { readonly ok: true }>;

/** An answer as events: counted as they pass, and recorded on every ending. */
export function eventAnswer(
  call: EventCall,
  { response, clean }: SentAnswer,
  ending: Ending,
  { clock, watchdog, metrics }: AnswerContext,
): EventStream {
  const { upstream, startedAt, stream, signal } = call;
  let usage: Usage | null = null;
  let said = 0;
  let begun = false;
  ending.phase = stream ? "stream" : "body";
  ending.said = () => said;
  const closed = stream ? metrics.streamOpened() : () => {};

  // Here and not in the generator alone: one that nobody begins to read, or whose reader is away, comes to no end.
  const over = () => {
    closed();
    ending.failed(ending.signal.reason, usage);
    if (begun) return;
    begun = true;
    response.body?.cancel().catch(() => {}); // it may have broken by itself
  };
  if (ending.signal.aborted) over();
  else ending.signal.addEventListener("abort", over, { once: true });

  const reasonOf = (error: unknown) => signal.aborted ? left() : ending.interruption ?? error;

  async function* events(): AsyncGenerator<ModelEvent, void, undefined> {
    if (begun) throw reasonOf(left());
    begun = true;
    let isFirst = true;
    try {
      const source = readEvents(response, {
        watchdog,
        silence: upstream.settings.requestTimeout,
        signal: ending.signal,
        upstream: upstream.name,
        clean,
      });
      for await (const event of source) {
        if (isFirst && stream) metrics.firstToken(upstream.name, clock.monotonic() - startedAt);
        isFirst = false;
        if (event.type === "usage") usage = event.usage;
        said += bytesSaid(event);
        yield event;
      }
      ending.end("ok", usage);
    } catch (error) {
      ending.failed(ending.interruption ?? error, usage);
      throw reasonOf(error);
    } finally {
      closed();
      // Still open only where the reader has stopped early.
      ending.end("aborted", usage);
    }
  }

  return {
    kind: "events",
    headers: headersOf(response.headers, ending),
    events: events(),
    bill() {
      if (ending.bill === null) throw new TypeError("The bill of an answer is asked for before its end");
      return ending.bill;
    },
  };
}

/** Of what the model says, in UTF-8. */
function bytesSaid(event: ModelEvent): number {
  switch (event.type) {
    case "text":
    case "reasoning":
    case "refusal":
      return Buffer.byteLength(event.text);
    case "tool_call_delta":
      return Buffer.byteLength(event.arguments);
    default:
      return 0;
  }
}

function left(): GatehouseError {
  return new GatehouseError("client_closed_request", "The client left before the end of the answer");
}
