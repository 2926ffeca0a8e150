import fc from "fast-check";
import type { Message } from "../message.ts";
import type { Load } from "./load.ts";
import { countSlice } from "./meter.ts";
import { slices } from "./slices.ts";
import type { Tokenizer } from "./tokenizer.ts";

/** A message with what a test wants of it. */
export function message(id: string, role: Message["role"], content: Message["content"], more: Partial<Message> = {}) {
  const whole: Message = {
    id,
    role,
    content,
    toolCalls: [],
    toolCallId: null,
    status: "complete",
    finishReason: null,
    historyFrom: null,
    model: null,
    bill: null,
    metadata: null,
    createdAt: 0,
    ...more,
  };
  return whole;
}

/** A reply that asks for tools. */
export function calling(id: string, content: string, ...calls: readonly string[]): Message {
  return message(id, "assistant", content, {
    toolCalls: calls.map((call) => ({ id: call, name: "look", arguments: "{}" })),
  });
}

/** What a tool gave. */
export function result(id: string, call: string, content = "found"): Message {
  return message(id, "tool", content, { toolCallId: call });
}

/** From the last to the first, and how far it was read. */
export function backwards(messages: readonly Message[]) {
  const state = { read: 0, isClosed: false };
  async function* read(): AsyncGenerator<Message> {
    try {
      for (const each of messages.toReversed()) {
        state.read++;
        await Promise.resolve();
        yield each;
      }
    } finally {
      state.isClosed = true;
    }
  }
  return { state, messages: read() };
}

/** Two characters to the token: less than the bytes say, so that counting makes a difference. */
export const PAIRS: Tokenizer = { count: (text) => Math.ceil(text.length / 2), forget: () => {} };

/** All that a meter with this tokenizer counts, at once. */
export function countLoad(load: Load, tokenizer: Tokenizer): number {
  return load.texts.reduce(
    (sum, text) => [...slices(text)].reduce((part, slice) => part + countSlice(slice, tokenizer), sum),
    load.fixed,
  );
}

const text = fc.oneof(
  { weight: 3, arbitrary: fc.string({ maxLength: 30 }) },
  { weight: 1, arbitrary: fc.constantFrom("", " ") },
  { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 20 }) },
);
const content = fc.oneof(
  { weight: 5, arbitrary: text },
  {
    weight: 1,
    arbitrary: fc.array(
      fc.oneof(
        text.map((said) => ({ type: "text", text: said })),
        fc.constant({ type: "image_url", image_url: { url: "data:image/png;base64,AAAA" } }),
      ),
      { maxLength: 2 },
    ),
  },
);

/** Few ids: they meet often. */
const callId = fc.constantFrom("a", "b", "c");
const status = fc.constantFrom<Message["status"]>("complete", "stopped", "failed");
const call = fc.record({ id: callId, name: fc.constant("look"), arguments: fc.constantFrom("{}", "{", "") });

const anyMessage = fc.oneof(
  fc.record({ role: fc.constant("user" as const), content, status }),
  fc.record({ role: fc.constant("assistant" as const), content, status, toolCalls: fc.array(call, { maxLength: 3 }) }),
  fc.record({ role: fc.constant("tool" as const), content, status, toolCallId: fc.option(callId) }),
);

/** Any messages in any order: results first, calls unanswered, ids twice. */
export const anyHistory = fc.array(anyMessage, { maxLength: 25 }).map(named("m"));

/** A turn as one comes about: each round's calls answered, in any order. */
const wholeRound = fc.uniqueArray(call, { selector: ({ id }) => id, minLength: 1, maxLength: 3 }).chain((toolCalls) =>
  fc.tuple(content, fc.shuffledSubarray(toolCalls, { minLength: toolCalls.length }), content).map(
    ([said, answered, given]) => [
      { role: "assistant" as const, content: said, toolCalls },
      ...answered.map(({ id }) => ({ role: "tool" as const, content: given, toolCallId: id })),
    ],
  )
);

/** The newest turn: a user's message, and rounds. */
export const anyNewest = fc.tuple(content, fc.array(wholeRound, { maxLength: 2 })).map(([said, rounds]) =>
  named("n")([{ role: "user" as const, content: said }, ...rounds.flat()])
);

function named(prefix: string) {
  return (fields: readonly (Pick<Message, "role" | "content"> & Partial<Message>)[]): readonly Message[] =>
    fields.map(({ role, content, ...more }, at) => message(`${prefix}${at}`, role, content, more));
}
