import type { Clock } from "../../effects/mod.ts";
import { InstantClock } from "../instant_clock.ts";
import { listen } from "../listen.ts";
import { systemRandom } from "../random.ts";
import { createModel } from "./mod.ts";

/** A demo model that listens, for tests; its one good token is `good`. */
export interface ModelFixture {
  readonly origin: string;
  /** Posts a chat request: `model` is `demo` unless the body says otherwise. */
  chat(body: Record<string, unknown>): Promise<Response>;
}

/** Runs `test` against a demo model on loopback. */
export async function withModel(test: (model: ModelFixture) => Promise<void>, clock: Clock = new InstantClock()) {
  const stop = new AbortController();
  const accepts = (token: string) => token === "good";
  const server = listen(0, () => createModel({ accepts, clock, random: systemRandom, stop: stop.signal }));
  const chat = (body: Record<string, unknown>) =>
    fetch(`${server.origin}/v1/chat/completions`, {
      method: "POST",
      headers: { "authorization": "Bearer good", "content-type": "application/json" },
      body: JSON.stringify({ model: "demo", ...body }),
    });
  try {
    await test({ origin: server.origin, chat });
  } finally {
    stop.abort();
    await server.close();
  }
}

/** A conversation of one sentence. */
export function said(content: unknown): { messages: { role: "user"; content: unknown }[] } {
  return { messages: [{ role: "user", content }] };
}

/** The events of a stream: the parsed chunks, and whether `[DONE]` came last. */
export async function readEvents(response: Response): Promise<{ chunks: StreamChunk[]; done: boolean }> {
  const events = (await response.text()).split("\n\n").filter((event) => event !== "").map((event) => event.slice(6));
  const done = events.at(-1) === "[DONE]";
  return { chunks: events.slice(0, done ? -1 : undefined).map((event) => JSON.parse(event)), done };
}

/** A chunk as the tests read it. */
export interface StreamChunk {
  readonly id: string;
  readonly object: string;
  readonly choices: readonly {
    readonly index: number;
    readonly delta: {
      readonly role?: string;
      readonly content?: string | null;
      readonly tool_calls?: readonly {
        readonly index: number;
        readonly id?: string;
        readonly function: { readonly name?: string; readonly arguments: string };
      }[];
    };
    readonly finish_reason: string | null;
  }[];
  readonly usage?: { readonly completion_tokens: number; readonly total_tokens: number } | null;
}
