import { GatehouseError } from "../../errors/mod.ts";
import { readBody } from "../../network/mod.ts";
import { isObject } from "../known_fields.ts";
import { emptyBody, isFramed } from "../response_body.ts";
import { failure } from "../upstream.ts";
import { BodyChunks, type ReadOptions } from "./body_chunks.ts";
import { ChatEvents } from "./chat_events.ts";
import { type EventData, EventReader, EventTooLongError } from "./event_data.ts";
import type { ModelEvent } from "./model_event.ts";

/** The longest event of a stream, in bytes. */
const MAX_EVENT = 16 * 1024 * 1024;
/** The longest whole answer, in bytes. */
const MAX_WHOLE = 64 * 1024 * 1024;
/** As much of an upstream's own message is repeated, in characters. */
const MAX_MESSAGE = 500;

/**
 * Reads an answer (2xx) in OpenAI's chat dialect as events: an event stream as it comes, any other as one whole JSON
 * object. It ends cleanly after `[DONE]`, or after a finish reason where the end mark is missing. A failure that the
 * upstream reports in-band is an event `error`, and then thrown. Nothing is read ahead of the events that are asked for,
 * beyond one chunk. A reader that returns cancels the body at once, also while it waits.
 *
 * @returns the events, once
 * @throws {GatehouseError} while they are read: `upstream_truncated`, `upstream_failed`, `upstream_timeout`
 * @throws the signal's reason
 */
export function readEvents(response: Response, options: ReadOptions): AsyncIterable<ModelEvent> {
  const { signal } = options;
  const gone = new AbortController();
  const onAbort = () => gone.abort(signal.reason);
  const isStream = response.headers.get("content-type")?.toLowerCase().startsWith("text/event-stream") ?? false;
  const read = isStream ? streamed : whole;
  const events = read(response, { ...options, signal: gone.signal });
  const settled = <T extends IteratorResult<ModelEvent>>(result: T): T => {
    if (result.done) signal.removeEventListener("abort", onAbort);
    return result;
  };
  let begun = false;
  const iterator: AsyncIterator<ModelEvent> = {
    async next() {
      if (!begun) {
        begun = true;
        signal.addEventListener("abort", onAbort, { once: true });
        if (signal.aborted) onAbort();
      }
      try {
        return settled(await events.next());
      } catch (error) {
        signal.removeEventListener("abort", onAbort);
        throw error;
      }
    },
    async return() {
      gone.abort();
      // What never began to read holds no body that it could cancel.
      if (!begun) await response.body?.cancel();
      begun = true;
      // The read that is under way is ended by the abort: what it throws has no reader any more.
      return settled(await events.return());
    },
  };
  return { [Symbol.asyncIterator]: () => iterator };
}

async function* streamed(response: Response, options: ReadOptions): AsyncGenerator<ModelEvent, void, undefined> {
  const { upstream } = options;
  const chunks = new BodyChunks(response.body ?? emptyBody(), options);
  const reader = new EventReader(MAX_EVENT);
  const chat = new ChatEvents();
  let isComplete = false;
  try {
    for (let chunk = await chunks.read(); chunk !== null; chunk = await chunks.read()) {
      for (const event of reader.read(chunk)) {
        isComplete = isEndMark(event);
        if (isComplete) return;
        yield* eventsOf(event, chat, options);
      }
    }
    const { event, isCut } = reader.end();
    if (event !== null && isEndMark(event)) return;
    if (event !== null && !isCut) yield* eventsOf(event, chat, options);
    if (isCut || !chat.finished) throw truncated(upstream);
  } catch (error) {
    throw error instanceof EventTooLongError ? unusable(upstream, "one of its events is longer than 16 MiB") : error;
  } finally {
    if (isComplete) chunks.finish();
    else chunks.leave();
  }
}

async function* whole(response: Response, options: ReadOptions): AsyncGenerator<ModelEvent, void, undefined> {
  const { upstream } = options;
  let bytes: Uint8Array;
  try {
    bytes = await readBody(response, { ...options, maxBytes: MAX_WHOLE });
  } catch (error) {
    throw failure(error, upstream);
  }
  const value = parse(new TextDecoder().decode(bytes));
  if (value === undefined) throw isFramed(response) ? unusable(upstream, "it is not JSON") : truncated(upstream);
  for (const event of new ChatEvents().read(value)) {
    yield event;
    if (event.type === "error") throw reported(options, event.message);
  }
  if (!hasChoices(value)) throw unusable(upstream, "it is no chat completion");
}

function* eventsOf(
  { data, isError }: EventData,
  chat: ChatEvents,
  options: ReadOptions,
): Generator<ModelEvent, void, undefined> {
  if (data.trim() === "") return;
  const value = parse(data);
  // What was in it is lost: an answer without it would pass for whole.
  if (value === undefined && !isError) throw unusable(options.upstream, "one of its events is not JSON");
  const failure = value === undefined ? { error: data } : asFailure(value);
  for (const event of chat.read(isError ? failure : value)) {
    yield event;
    if (event.type === "error") throw reported(options, event.message);
  }
}

/** An event that is named `error` may hold the error itself. */
function asFailure(value: unknown): unknown {
  return isObject(value) && "error" in value ? value : { error: value };
}

function hasChoices(value: unknown): boolean {
  return isObject(value) && Array.isArray(value.choices) && value.choices.length > 0;
}

function isEndMark({ data }: EventData): boolean {
  return data.trim() === "[DONE]";
}

/** Undefined: it is not JSON. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function truncated(name: string): GatehouseError {
  return new GatehouseError(
    "upstream_truncated",
    `Cannot use the answer of upstream ${name}: it was cut off; try again`,
  );
}

function unusable(name: string, reason: string): GatehouseError {
  return new GatehouseError(
    "upstream_failed",
    `Cannot use the answer of upstream ${name}: ${reason}; check LLM_API_URL and the model`,
  );
}

function reported({ upstream, clean = (text) => text }: ReadOptions, message: string): GatehouseError {
  return new GatehouseError(
    "upstream_failed",
    `Cannot use the answer of upstream ${upstream}: it failed, saying: ${clean(message).slice(0, MAX_MESSAGE)}`,
  );
}
