/** What came of one streamed chat answer. */
export interface StreamResult {
  /** The concatenated `delta.content` of choice 0. */
  readonly text: string;
  /** True when `[DONE]` was the last event. */
  readonly done: boolean;
  /** The `code` of an in-band error event, if one came. */
  readonly errorCode: string | null;
  /** True when the body broke instead of ending. */
  readonly broken: boolean;
  /** The usage of the last event that carried one. */
  readonly usage: unknown;
  /** The bytes as text. */
  readonly raw: string;
}

/** Reads a streamed answer to its end, whatever kind of end that is. */
export async function readStream(response: Response): Promise<StreamResult> {
  let raw = "";
  let broken = false;
  try {
    const body = response.body ?? new ReadableStream<Uint8Array<ArrayBuffer>>({ start: (it) => it.close() });
    for await (const text of body.pipeThrough(new TextDecoderStream())) raw += text;
  } catch {
    broken = true;
  }
  return { ...interpretStream(raw), broken, raw };
}

/** What the bytes of a stream, as text, come to. */
export function interpretStream(raw: string): Omit<StreamResult, "broken" | "raw"> {
  let text = "";
  let errorCode: string | null = null;
  let usage: unknown = null;
  let last = "";
  for (const block of raw.replace(/^\uFEFF/, "").split(/\r\n\r\n|\n\n|\r\r/)) {
    const data = block.split(/\r\n|\n|\r/).flatMap((line) =>
      line.startsWith("data:") ? [line.slice(5).trimStart()] : []
    );
    if (data.length === 0) continue;
    last = data.join("\n");
    const value = parse(last);
    if (value?.error !== undefined) errorCode = String(value.error.code);
    text += value?.choices?.[0]?.delta?.content ?? "";
    if (value?.usage) usage = value.usage;
  }
  return { text, errorCode, usage, done: last === "[DONE]" };
}

/** The parts of a chunk or an error event that are looked at; everything may be missing. */
interface Loose {
  readonly error?: { readonly code?: unknown };
  readonly choices?: readonly { readonly delta?: { readonly content?: string } }[];
  readonly usage?: unknown;
}

function parse(data: string): Loose | null {
  try {
    return JSON.parse(data);
  } catch {
    return null;
  }
}
