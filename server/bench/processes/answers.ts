const encoder = new TextEncoder();
const USAGE = { prompt_tokens: 9, completion_tokens: 60, total_tokens: 69 };
const IDENTITY = { id: "chatcmpl-bench", created: 1_700_000_000, model: "bench-model" };

/** So many chunks go out in one write: the upstream's own system calls must not be what is measured. */
export const CHUNKS_PER_BLOCK = 16;

/** A whole HTTP answer of about 500 bytes of JSON. */
export const JSON_ANSWER = jsonAnswer({
  ...IDENTITY,
  object: "chat.completion",
  choices: [{ index: 0, message: { role: "assistant", content: "word ".repeat(50) }, finish_reason: "stop" }],
  usage: USAGE,
});

export const TOKEN_ANSWER = jsonAnswer({
  access_token: "bench-access-token-".repeat(20),
  token_type: "Bearer",
  expires_in: 86_400,
  refresh_token: "bench-refresh-token",
});

/** Headers and the first chunk. */
export function streamHead(): Uint8Array {
  const head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
  return encoder.encode(head + framed(chunkEvent({ role: "assistant", content: "" })));
}

/** `CHUNKS_PER_BLOCK` events of about 200 bytes, each an HTTP chunk of its own. */
export function blockOfChunks(): Uint8Array {
  return encoder.encode(framed(chunkEvent({ content: " a few words more".repeat(2) })).repeat(CHUNKS_PER_BLOCK));
}

/** One event that carries the time it was written, in milliseconds since the epoch, after an `@`. */
export function pacedChunk(): Uint8Array {
  return encoder.encode(framed(chunkEvent({ content: `@${Date.now()} a few words more` })));
}

export const STREAM_END = { withUsage: streamEnd(true), withoutUsage: streamEnd(false) };

function streamEnd(withUsage: boolean): Uint8Array {
  const usage = { ...IDENTITY, object: "chat.completion.chunk", choices: [], usage: USAGE };
  const events = [
    chunkEvent({}, "stop"),
    ...(withUsage ? [`data: ${JSON.stringify(usage)}\n\n`] : []),
    "data: [DONE]\n\n",
  ];
  return encoder.encode(events.map(framed).join("") + "0\r\n\r\n");
}

function chunkEvent(delta: Record<string, string>, finishReason: string | null = null): string {
  const choices = [{ index: 0, delta, finish_reason: finishReason }];
  return `data: ${JSON.stringify({ ...IDENTITY, object: "chat.completion.chunk", choices })}\n\n`;
}

function framed(event: string): string {
  return `${event.length.toString(16)}\r\n${event}\r\n`;
}

function jsonAnswer(value: unknown): Uint8Array {
  const body = JSON.stringify(value);
  const head = `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`;
  return encoder.encode(head + body);
}
