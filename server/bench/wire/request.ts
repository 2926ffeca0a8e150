const encoder = new TextEncoder();

/** What the mock upstream is asked to do; it reads this out of the prompt, so that it passes every side unchanged. */
export interface Ask {
  /** Streamed chunks; 0: a non-streaming call. */
  readonly chunks: number;
  /** Milliseconds between chunks; 0: as fast as they go. */
  readonly pace: number;
  /** @default "bench-model" */
  readonly model?: string;
  /** Sent as `max_tokens`; keeps the demo model's own pace out of a figure. */
  readonly maxTokens?: number;
}

/** The bytes of a chat call to `url` (without path), as an OpenAI client would send it. */
export function chatRequest(url: string, ask: Ask, headers: Readonly<Record<string, string>> = {}): Uint8Array {
  const body = JSON.stringify({
    model: ask.model ?? "bench-model",
    messages: [{ role: "user", content: `bench chunks=${ask.chunks} pace=${ask.pace}` }],
    ...(ask.chunks > 0 ? { stream: true } : {}),
    ...(ask.maxTokens === undefined ? {} : { max_tokens: ask.maxTokens }),
  });
  const all = {
    host: new URL(url).host,
    authorization: "Bearer dummy",
    "content-type": "application/json",
    "content-length": String(body.length),
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`).join("");
  return encoder.encode(`POST /v1/chat/completions HTTP/1.1\r\n${lines}\r\n${body}`);
}

/** The bytes of a GET. */
export function getRequest(url: string, path: string): Uint8Array {
  return encoder.encode(`GET ${path} HTTP/1.1\r\nhost: ${new URL(url).host}\r\n\r\n`);
}
