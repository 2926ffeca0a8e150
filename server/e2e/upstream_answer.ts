/** How the upstream answers, chosen by the first word of the first message. */
export interface Script {
  /** Content chunks of the answer. */
  readonly chunks: number;
  /** Milliseconds between chunks. */
  readonly everyMs: number;
  /** Answer nothing at all, not even headers. */
  readonly hold: boolean;
  /** Send headers and the first chunk, then nothing more. */
  readonly idle: boolean;
}

/**
 * `fast`; `slow-<chunks>-<ms>`; `hold` never answers; `idle` stops after the first chunk; `endless` never stops.
 */
export function scriptOf(prompt: string): Script {
  const slow = /^slow-(\d+)-(\d+)$/.exec(prompt);
  const plain = { chunks: 5, everyMs: 0, hold: false, idle: false };
  if (slow !== null) return { ...plain, chunks: Number(slow[1]), everyMs: Number(slow[2]) };
  if (prompt === "hold") return { ...plain, hold: true };
  if (prompt === "idle") return { ...plain, idle: true };
  if (prompt === "endless") return { ...plain, chunks: Infinity, everyMs: 20 };
  return plain;
}

/** The text of one chunk; an answer is `w0 w1 w2 …`. */
export const word = (n: number): string => `w${n} `;

/** The whole text of an answer with so many chunks. */
export const textOf = (chunks: number): string => Array.from({ length: chunks }, (_, n) => word(n)).join("");

const usage = (chunks: number) => ({ prompt_tokens: 7, completion_tokens: chunks, total_tokens: 7 + chunks });

/** The one model's name. */
export const MODEL = "e2e";

/** The body of a non-streaming answer. */
export const completion = (chunks: number) => ({
  id: "chatcmpl-e2e",
  object: "chat.completion",
  created: 1,
  model: MODEL,
  choices: [{ index: 0, message: { role: "assistant", content: textOf(chunks) }, finish_reason: "stop" }],
  usage: usage(chunks),
});

const event = (value: unknown) => `data: ${JSON.stringify(value)}\n\n`;

const chunk = (delta: unknown, finish_reason: string | null) =>
  event({
    id: "chatcmpl-e2e",
    object: "chat.completion.chunk",
    created: 1,
    model: MODEL,
    choices: [{ index: 0, delta, finish_reason }],
  });

/** The events of a streamed answer, one string each; `pause` is awaited between them. */
export async function* events(
  script: Script,
  includeUsage: boolean,
  pause: (ms: number) => Promise<void>,
): AsyncGenerator<string> {
  yield chunk({ role: "assistant", content: "" }, null);
  if (script.idle) await new Promise<never>(() => {});
  for (let n = 0; n < script.chunks; n++) {
    yield chunk({ content: word(n) }, null);
    if (script.everyMs > 0) await pause(script.everyMs);
  }
  yield chunk({}, "stop");
  if (includeUsage) {
    yield event({
      id: "chatcmpl-e2e",
      object: "chat.completion.chunk",
      created: 1,
      model: MODEL,
      choices: [],
      usage: usage(script.chunks),
    });
  }
  yield "data: [DONE]\n\n";
}
