import { assertEquals } from "@std/assert";
import { Api, getTokens, type Tokens } from "./api.ts";

/** What a call through the gateway dialect came to. */
export interface RemoteAnswer {
  readonly content: string;
  readonly usage: { readonly total_tokens: number } | null;
}

/**
 * A client of the remote-provider flow, as programs have it: it logs in once, shows its access token until that is
 * refused, refreshes then, and asks a second time, never a third.
 */
export class RemoteClient {
  /** Access tokens that ended in its hands. */
  expiries = 0;
  #refreshing: Promise<Tokens> | null = null;

  private constructor(private readonly url: string, private tokens: Tokens) {}

  static async login(url: string, username: string, password: string): Promise<RemoteClient> {
    return new RemoteClient(url, await getTokens(url, { username, password }));
  }

  get refreshToken(): string {
    return this.tokens.refresh_token;
  }

  /** `POST /api/v1/llm/chat`. */
  async chat(content: string): Promise<RemoteAnswer> {
    return await (await this.#ask("/api/v1/llm/chat", content)).json();
  }

  /** `POST /api/v1/llm/chat/stream`, read to its end, which must be a clean one. */
  async stream(content: string): Promise<RemoteAnswer> {
    const text = await (await this.#ask("/api/v1/llm/chat/stream", content)).text();
    const events = text.split("\n\n").filter((event) => event.startsWith("data: ")).map((event) => event.slice(6));
    assertEquals(events.pop(), "[DONE]", text);
    const frames: { content: string; usage?: RemoteAnswer["usage"]; is_final: boolean }[] = events.map((event) =>
      JSON.parse(event)
    );
    const last = frames.at(-1);
    assertEquals(last?.is_final, true, text);
    return { content: frames.map((frame) => frame.content).join(""), usage: last?.usage ?? null };
  }

  async #ask(path: string, content: string): Promise<Response> {
    const body = { messages: [{ role: "user", content }], max_tokens: 100 };
    const shown = this.tokens.access_token;
    const first = await new Api(this.url, shown).ask("POST", path, body);
    if (first.status === 200) return first;
    const refusal = await first.json();
    assertEquals({ status: first.status, code: refusal.error.code }, { status: 401, code: "invalid_token" });
    if (this.tokens.access_token === shown) await this.#refresh();
    const second = await new Api(this.url, this.tokens.access_token).ask("POST", path, body);
    if (second.status !== 200) throw new Error(`The second try failed: ${second.status} ${await second.text()}`);
    return second;
  }

  async #refresh(): Promise<void> {
    this.#refreshing ??= getTokens(this.url, {
      grant_type: "refresh_token",
      refresh_token: this.tokens.refresh_token,
    }).then((tokens) => {
      this.expiries++;
      return this.tokens = tokens;
    }).finally(() => this.#refreshing = null);
    await this.#refreshing;
  }
}
