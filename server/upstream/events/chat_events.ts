import { openaiChat } from "../bytes/mod.ts";
import { isObject } from "../known_fields.ts";
import type { ModelEvent } from "./model_event.ts";
import { type Place, ToolCallPlaces } from "./tool_call_places.ts";

type Fields = Readonly<Record<string, unknown>>;

/** The members of a delta that have events of their own, or say nothing. */
const KNOWN = new Set([
  "role",
  "content",
  "refusal",
  "reasoning_content",
  "reasoning",
  "tool_calls",
  "function_call",
]);

/** Says in events what an answer in OpenAI's chat dialect says in chunks, or in one piece; as servers really write it. */
export class ChatEvents {
  #started = false;
  readonly #places = new Map<number, ToolCallPlaces>();
  readonly #finished = new Set<number>();

  /** Whether some choice has come to its end. */
  get finished(): boolean {
    return this.#finished.size > 0;
  }

  /** One chunk, or the whole answer, as parsed JSON. */
  *read(value: unknown): Generator<ModelEvent, void, undefined> {
    if (!isObject(value)) return yield { type: "other", choice: null, raw: value };
    const failure = failureIn(value);
    if (failure !== null) return yield failure;
    const choices: readonly unknown[] = Array.isArray(value.choices) ? value.choices : [];
    const id = textIn(value.id);
    const model = textIn(value.model);
    if (!this.#started && (id !== null || model !== null || choices.length > 0)) {
      this.#started = true;
      yield { type: "start", id, model };
    }
    for (const [position, choice] of choices.entries()) {
      if (isObject(choice)) yield* this.#choice(choice, countIn(choice.index) ?? position);
      else yield { type: "other", choice: null, raw: choice };
    }
    const usage = openaiChat.readUsage(value.usage);
    if (usage !== null) yield { type: "usage", usage };
    else if (choices.length === 0) yield { type: "other", choice: null, raw: value };
  }

  *#choice(fields: Fields, choice: number): Generator<ModelEvent, void, undefined> {
    if (isObject(fields.delta)) yield* this.#delta(fields.delta, choice, false);
    else if (isObject(fields.message)) yield* this.#delta(fields.message, choice, true);
    const reason = textIn(fields.finish_reason);
    if (reason === null || this.#finished.has(choice)) return;
    this.#finished.add(choice);
    yield { type: "finish", choice, reason };
  }

  *#delta(delta: Fields, choice: number, isWhole: boolean): Generator<ModelEvent, void, undefined> {
    const { content, refusal, reasoning_content, reasoning, tool_calls, function_call } = delta;
    // Where both are there, they say the same.
    yield* said("reasoning", reasoning_content ?? reasoning, choice);
    yield* said("text", content, choice);
    yield* said("refusal", refusal, choice);
    if (Array.isArray(tool_calls)) {
      // In a whole message each entry is a call, whatever index it claims.
      for (const [index, call] of tool_calls.entries()) {
        yield* this.#toolCall(isWhole && isObject(call) ? { ...call, index } : call, choice);
      }
    } else if (isGiven(tool_calls)) yield { type: "other", choice, raw: { tool_calls } };
    if (isObject(function_call)) yield* this.#toolCall({ index: 0, function: function_call }, choice);
    const others = Object.entries(delta).filter(([name, value]) => !KNOWN.has(name) && isGiven(value));
    if (others.length > 0) yield { type: "other", choice, raw: Object.fromEntries(others) };
  }

  *#toolCall(call: unknown, choice: number): Generator<ModelEvent, void, undefined> {
    if (!isObject(call) || !isObject(call.function)) {
      return yield { type: "other", choice, raw: { tool_calls: [call] } };
    }
    const { name, arguments: given } = call.function;
    const place = this.#placesOf(choice).of(countIn(call.index), textIn(call.id), textIn(name));
    const args = typeof given === "string" ? given : isGiven(given) ? JSON.stringify(given) : "";
    if (saysNothing(place, args)) return;
    yield {
      type: "tool_call_delta",
      choice,
      index: place.index,
      ...(place.id === null ? {} : { id: place.id }),
      ...(place.name === null ? {} : { name: place.name }),
      arguments: args,
    };
  }

  #placesOf(choice: number): ToolCallPlaces {
    const places = this.#places.get(choice) ?? new ToolCallPlaces();
    this.#places.set(choice, places);
    return places;
  }
}

function saysNothing({ isFirst, id, name }: Place, args: string): boolean {
  return !isFirst && id === null && name === null && args === "";
}

/** Text as a string, or in the parts that some servers make of it (Mistral's `thinking` holds parts itself). */
function* said(
  type: "text" | "reasoning" | "refusal",
  value: unknown,
  choice: number,
): Generator<ModelEvent, void, undefined> {
  if (typeof value === "string") {
    if (value !== "") yield { type, choice, text: value };
  } else if (Array.isArray(value)) {
    for (const part of value) {
      if (isObject(part) && typeof part.text === "string") yield* said(type, part.text, choice);
      else if (isObject(part) && isGiven(part.thinking)) yield* said("reasoning", part.thinking, choice);
      else yield { type: "other", choice, raw: part };
    }
  } else if (isGiven(value)) yield { type: "other", choice, raw: value };
}

/** A failure that the upstream reports where an answer should be: OpenAI's object, a bare text, or vLLM's older form. */
function failureIn(value: Fields): ModelEvent | null {
  const { error, choices } = value;
  if (isObject(error)) return failureOf(error);
  if (typeof error === "string" && !Array.isArray(choices)) return { type: "error", message: error, code: null };
  return value.object === "error" ? failureOf(value) : null;
}

function failureOf({ message, code, type }: Fields): ModelEvent {
  return {
    type: "error",
    message: textIn(message) ?? textIn(type) ?? "it gives no reason",
    code: typeof code === "number" ? String(code) : textIn(code),
  };
}

function textIn(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}

function countIn(value: unknown): number | null {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : null;
}

function isGiven(value: unknown): boolean {
  return value !== null && value !== undefined;
}
