import { type Envelope, FINGERPRINT, type Usage } from "./completion.ts";
import type { Choice } from "./plan.ts";

/** A `chat.completion.chunk` as JSON goes out. */
export type Chunk = Readonly<Record<string, unknown>>;

/** Arguments are short: even so they come in several pieces, as clients must be ready for. */
const ARGUMENT_CHARACTERS = 6;

interface Delta {
  readonly index: number;
  readonly delta: Readonly<Record<string, unknown>>;
  readonly finish: Choice["finishReason"] | null;
}

/**
 * The chunks of a streamed answer, in order: choices take turns, and with `usage` (asked for by
 * `stream_options.include_usage`) a last chunk without choices carries it.
 *
 * @param characters how much text one chunk carries
 */
export function* chunksOf(
  envelope: Envelope,
  choices: readonly Choice[],
  characters: number,
  usage: Usage | null,
): Generator<Chunk> {
  const { id, created, model } = envelope;
  const head = { id, object: "chat.completion.chunk", created, model, system_fingerprint: FINGERPRINT };
  const noUsageYet = usage === null ? {} : { usage: null };
  for (const { index, delta, finish } of inTurns(choices.map((choice) => deltasOf(choice, characters)))) {
    yield { ...head, choices: [{ index, delta, logprobs: null, finish_reason: finish }], ...noUsageYet };
  }
  if (usage !== null) yield { ...head, choices: [], usage };
}

function* inTurns(sources: readonly Generator<Delta>[]): Generator<Delta> {
  let open = sources;
  while (open.length > 0) {
    const going: Generator<Delta>[] = [];
    for (const source of open) {
      const next = source.next();
      if (next.done) continue;
      yield next.value;
      going.push(source);
    }
    open = going;
  }
}

function* deltasOf(choice: Choice, characters: number): Generator<Delta> {
  const { index, content, toolCalls } = choice;
  yield { index, delta: { role: "assistant", content: content === null ? null : "", refusal: null }, finish: null };
  for (const text of pieces(content ?? "", characters)) yield { index, delta: { content: text }, finish: null };
  for (const [at, call] of toolCalls.entries()) {
    const begun = { index: at, id: call.id, type: "function", function: { name: call.name, arguments: "" } };
    yield { index, delta: { tool_calls: [begun] }, finish: null };
    for (const text of pieces(call.arguments, Math.min(characters, ARGUMENT_CHARACTERS))) {
      yield { index, delta: { tool_calls: [{ index: at, function: { arguments: text } }] }, finish: null };
    }
  }
  yield { index, delta: {}, finish: choice.finishReason };
}

/** Cuts a text into pieces, never through a character. */
function* pieces(text: string, characters: number): Generator<string> {
  for (let at = 0; at < text.length;) {
    let end = Math.min(at + characters, text.length);
    const code = text.charCodeAt(end - 1);
    if (code >= 0xd800 && code <= 0xdbff && end < text.length) end++;
    yield text.slice(at, end);
    at = end;
  }
}
