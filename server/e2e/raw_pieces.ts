// The pieces that the faults are made of.
import type { Wire } from "./raw_upstream.ts";

/** One SSE event with the given content, without its line ends. */
export const data = (content: string) =>
  `data: ${
    JSON.stringify({
      id: "chatcmpl-raw",
      object: "chat.completion.chunk",
      created: 1,
      model: "e2e",
      choices: [{ index: 0, delta: { content }, finish_reason: null }],
    })
  }`;

/** The last chunk before the end mark. */
export const FINISH = 'data: {"id":"chatcmpl-raw","object":"chat.completion.chunk","created":1,"model":"e2e",' +
  '"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}';
export const DONE = "data: [DONE]";

/** A whole good stream whose text is `one two three`, with the line end of choice. */
export const wholeStream = (eol = "\n") =>
  [data("one "), data("two "), data("three"), FINISH, DONE].map((event) => event + eol + eol).join("");
export const WHOLE_TEXT = "one two three";

/** A whole good answer to a non-streaming request. */
export const COMPLETION = JSON.stringify({
  id: "chatcmpl-raw",
  object: "chat.completion",
  created: 1,
  model: "e2e",
  choices: [{ index: 0, message: { role: "assistant", content: WHOLE_TEXT }, finish_reason: "stop" }],
  usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 },
});

/** How an answer's end is marked. */
export type Framing = "length" | "chunked" | "close";

const byteLength = (text: string) => new TextEncoder().encode(text).length;

/** The head of a 200. @param declared the body's length that it announces, in bytes */
export function head(framing: Framing, type: string, declared = 0, more = ""): string {
  const ends = {
    length: `content-length: ${declared}\r\n`,
    chunked: "transfer-encoding: chunked\r\n",
    close: "",
  }[framing];
  return `HTTP/1.1 200 OK\r\ncontent-type: ${type}\r\n${ends}connection: close\r\n${more}\r\n`;
}

export const SSE = "text/event-stream";
export const JSON_TYPE = "application/json";

/** One transfer chunk. */
export const chunked = (text: string) => `${byteLength(text).toString(16)}\r\n${text}\r\n`;
export const LAST_CHUNK = "0\r\n\r\n";

/** Sends a whole body in the framing of choice, in one write. */
export async function sendWhole(wire: Wire, framing: Framing, type: string, body: string, more = ""): Promise<void> {
  const framed = framing === "chunked" ? chunked(body) + LAST_CHUNK : body;
  await wire.send(head(framing, type, byteLength(body), more) + framed);
}

/** Sends a beginning of a body that its framing says is longer, and lets the connection end there. */
export async function sendCut(wire: Wire, framing: Framing, type: string, beginning: string): Promise<void> {
  const framed = framing === "chunked" ? chunked(beginning) : beginning;
  await wire.send(head(framing, type, byteLength(beginning) + 500) + framed);
}

/** A refusal or failure with a JSON body. */
export function failure(status: string, body: string, more = ""): string {
  return `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\ncontent-length: ${byteLength(body)}\r\n` +
    `connection: close\r\n${more}\r\n${body}`;
}

/** Gzipped bytes of a text. */
export async function gzip(text: string): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
