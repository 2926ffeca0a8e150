import { assertEquals, assertGreaterOrEqual, assertLessOrEqual } from "@std/assert";
import { Api } from "./api.ts";
import { Install, PRICED_MODEL } from "./install.ts";
import { BYTES_PER_TOKEN, MeteredUpstream, STEADY_MS } from "./metered_upstream.ts";
import { counts } from "./options.ts";
import { report } from "./report.ts";
import { eventually } from "./wait.ts";

/**
 * The books are written every second, what a budget's open calls have used every five. A write takes a moment, and a busy
 * machine may pause it: the figures are reported.
 */
const BOOKS_MS = 1_000;
const BUDGET_MS = 5_000;
const WRITE_MS = 500;
/** A process that has not written for so long is dead: what it held of budgets is free. */
const ALIVE_MS = 15_000;

/** Streams that one credential pays for. */
interface Group {
  readonly prompt: string;
  readonly credential: string | null;
  readonly streams: number;
  readonly maxTokens: number;
}

Deno.test("kill -9 in the middle of metered streams loses no more than the last second of the books", async () => {
  await using upstream = new MeteredUpstream();
  await using install = await Install.make(upstream.environment());
  const budget = new Budget(upstream);
  const lost: number[] = [];
  for (let round = 0; round < counts.meteredKills; round++) {
    const keyed = { prompt: `steady-key-${round}`, streams: 10, maxTokens: 4096 };
    const byLogin = { prompt: `steady-login-${round}`, streams: 10, maxTokens: 4096 };
    const first = await restart(install, async (admin, kill) => {
      const { key, key_id } = await admin.createKey({ name: "plain" });
      const before = await booked(admin, "");
      const groups: Group[] = [{ ...keyed, credential: key }, { ...byLogin, credential: admin.credential }];
      if (round === 0) groups.push(await budget.open(admin));
      // The first time long enough for the budget's streams to be renewed.
      const seconds = (round === 0 ? 6 : 1.7) + (round * 0.37) % 1;
      await Promise.all([
        ...groups.map((group) => streamAll(admin.url, group)),
        killAt(upstream, [keyed, byLogin], seconds, kill),
      ]);
      return { key_id, before };
    });
    if (round === 0) budget.killedAt = first.killedAt;
    await restart(install, async (admin) => {
      const { killedAt, key_id, before } = first;
      const prompts = { [key_id]: keyed, "": byLogin };
      for (const [key, { prompt, streams }] of Object.entries(prompts)) {
        const now = await booked(admin, key);
        const tokens = now.tokens - (key === "" ? before.tokens : 0);
        assertEquals(now.requests - (key === "" ? before.requests : 0), streams, "requests in the books");
        assertEquals(now.micros, now.tokens, "cost");
        assertLessOrEqual(tokens, upstream.sentUntil(Infinity, prompt), "more than was sent");
        assertGreaterOrEqual(tokens, upstream.sentUntil(killedAt - BOOKS_MS - WRITE_MS, prompt), "less than was sent");
        lost.push(killedAt - upstream.whenSent(tokens, prompt));
      }
      if (round === 0) await budget.assertHeld(admin.url);
    });
  }
  const worst = Math.max(...lost).toFixed(0);
  report(`${counts.meteredKills} kills: the books end ${worst} ms before the kill at worst`);
  await restart(install, ({ url }) => budget.assertFreed(url));
});

/** A key whose streams hold almost all of its budget. */
class Budget {
  static readonly MICROS = 20_000;
  static readonly PROMPT = "steady-budget";
  static readonly STREAMS = 5;
  static readonly RESERVED = 3_990;
  killedAt = NaN;
  #key = "";

  constructor(private readonly upstream: MeteredUpstream) {}

  async open(admin: Api): Promise<Group> {
    this.#key =
      (await admin.createKey({ name: "budget", budget: { amount_micros: Budget.MICROS, period: "month" } })).key;
    const { PROMPT: prompt, STREAMS: streams, RESERVED } = Budget;
    return { prompt, streams, credential: this.#key, maxTokens: RESERVED - tokensIn(prompt) };
  }

  /** While the process that died may live, what it reserved stays reserved. */
  async assertHeld(url: string): Promise<void> {
    assertEquals(await this.#left(url), Budget.MICROS - Budget.STREAMS * Budget.RESERVED);
  }

  /** When it must be dead, what its streams really used is spent, and no more. */
  async assertFreed(url: string): Promise<void> {
    const held = Budget.MICROS - Budget.STREAMS * Budget.RESERVED;
    const left = await eventually(
      async () => {
        const left = await this.#left(url);
        return left > held ? left : undefined;
      },
      "the budget to be freed",
      ALIVE_MS + 5_000,
    );
    const spent = Budget.MICROS - left;
    const late = this.killedAt - this.upstream.whenSent(spent, Budget.PROMPT);
    report(
      `a budget was found free ${((now() - this.killedAt) / 1000).toFixed(1)} s after the kill, its sum ${
        late.toFixed(0)
      } ms old`,
    );
    assertLessOrEqual(spent, this.upstream.sentUntil(Infinity, Budget.PROMPT), "more is spent than was sent");
    const atLeast = this.upstream.sentUntil(this.killedAt - BUDGET_MS - WRITE_MS, Budget.PROMPT);
    assertGreaterOrEqual(spent, atLeast, "less is spent than was sent");
    assertEquals(await this.#ask(url, left + 1).then(statusOf), 429, "what does not fit");
    assertEquals(await this.#ask(url, left).then(statusOf), 200, "what fits");
    assertEquals(await this.#left(url), 0);
  }

  /** What a refusal of the whole budget says is left, in micros. */
  async #left(url: string): Promise<number> {
    const response = await this.#ask(url, Budget.MICROS);
    const text = await response.text();
    assertEquals(response.status, 429, text);
    return Math.round(Number(/ ([\d.]+) is left/.exec(text)?.[1]) * 1_000_000);
  }

  /** Asks for what may cost so much, prompt and answer. */
  async #ask(url: string, micros: number): Promise<Response> {
    return await chat(new Api(url, this.#key), "probe", micros - tokensIn("probe"), false);
  }
}

/** Starts a server on what the one before left, and kills it at the end, if `use` does not. */
async function restart<T>(
  install: Install,
  use: (admin: Api, kill: () => Promise<number>) => Promise<T>,
): Promise<T & { readonly killedAt: number }> {
  await using gates = await install.start(1);
  const { child } = gates.at(0);
  let killedAt = NaN;
  const result = await use(await install.admin(gates.at(0)), async () => {
    killedAt = now();
    child.signal("SIGKILL");
    await child.exit();
    return killedAt;
  });
  return { ...result, killedAt };
}

/** Kills once the upstream has sent each group's streams so many seconds of an answer. */
async function killAt(
  upstream: MeteredUpstream,
  groups: readonly Pick<Group, "prompt" | "streams">[],
  seconds: number,
  kill: () => Promise<number>,
): Promise<void> {
  const isSent = ({ prompt, streams }: Pick<Group, "prompt" | "streams">) =>
    upstream.sentUntil(Infinity, prompt) >= streams * seconds * 1000 / STEADY_MS;
  await eventually(() => Promise.resolve(groups.every(isSent) || undefined), "the streams to run", 30_000);
  await kill();
}

/** Opens a group's streams, and reads them until they break. */
async function streamAll(url: string, { prompt, credential, streams, maxTokens }: Group): Promise<void> {
  await Promise.all(Array.from({ length: streams }, async () => {
    const response = await chat(new Api(url, credential), prompt, maxTokens, true);
    assertEquals(response.status, 200);
    await response.text().catch(() => {}); // it breaks by the kill
  }));
}

async function chat(api: Api, prompt: string, max_tokens: number, stream: boolean): Promise<Response> {
  const body = { model: PRICED_MODEL, messages: [{ role: "user", content: prompt }], max_tokens, stream };
  return await api.ask("POST", "/v1/chat/completions", body);
}

async function statusOf(response: Response): Promise<number> {
  await response.body?.cancel();
  return response.status;
}

/** What the books have of a key; of calls without one by `""`. */
async function booked(
  admin: Api,
  key: string,
): Promise<{ readonly requests: number; readonly tokens: number; readonly micros: number }> {
  const line = (await admin.usage("key")).find((line) => line.key === key);
  if (line === undefined) return { requests: 0, tokens: 0, micros: 0 };
  const tokens = line.prompt_tokens + line.completion_tokens;
  return { requests: line.requests, tokens, micros: line.cost?.micros ?? NaN };
}

function tokensIn(prompt: string): number {
  return Math.ceil(prompt.length / BYTES_PER_TOKEN);
}

function now(): number {
  return performance.timeOrigin + performance.now();
}
