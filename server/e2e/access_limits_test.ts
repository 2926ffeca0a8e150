import { assert, assertEquals, assertGreater } from "@std/assert";
import { Api, type KeyFields } from "./api.ts";
import { type Gates, Install, keyIn, PRICED_MODEL } from "./install.ts";
import { MeteredUpstream } from "./metered_upstream.ts";
import { counts } from "./options.ts";
import { report } from "./report.ts";
import { eventually } from "./wait.ts";

const REQUESTS = 64;
const FITTING = 10;
/** Each request: a prompt of 40 bytes, and the longest answer that it allows. */
const PROMPT_TOKENS = 10;
const ANSWER_TOKENS = 90;
const TOKENS = PROMPT_TOKENS + ANSWER_TOKENS;
const SHOWN_WITHIN_MS = 2_000;

/** A limit that ten of the requests fit into, and what the others are told. */
interface Limit {
  readonly name: string;
  readonly fields: Omit<KeyFields, "name">;
  readonly code: string;
  /** The header that says what is left; null: budgets have none. */
  readonly header: string | null;
}

const LIMITS: readonly Limit[] = [
  {
    name: "budget",
    fields: { budget: { amount_micros: FITTING * TOKENS, period: "day" } },
    code: "budget_exceeded",
    header: null,
  },
  { name: "rpm", fields: { rpm: FITTING }, code: "rate_limit_exceeded", header: "x-ratelimit-remaining-requests" },
  {
    name: "tpm",
    fields: { tpm: FITTING * TOKENS },
    code: "rate_limit_exceeded",
    header: "x-ratelimit-remaining-tokens",
  },
];

for (const processes of [1, 3]) {
  Deno.test(`of ${REQUESTS} requests at once exactly those that fit are served by ${processes} process(es)`, async (t) => {
    await using upstream = new MeteredUpstream();
    await using install = await Install.make(upstream.environment());
    await using gates = await install.start(processes);
    const admin = await install.admin(gates.at(0));
    for (let round = 0; round < counts.limitRounds; round++) {
      for (const limit of LIMITS) {
        await t.step(`a key's ${limit.name}, round ${round + 1}`, async () => {
          const { key_id, key } = await admin.createKey({ name: limit.name, ...limit.fields });
          await serveWhatFits(gates, upstream, limit, () => key);
          await assertBooked(gates, admin.credential, "key", key_id);
        });
      }
      await t.step(`a user's budget that two keys share, round ${round + 1}`, async () => {
        const username = `user${round}`;
        const fields = { username, password: "a user's password" };
        const { user_id } = await admin.json<{ user_id: string }>("POST", "/users", fields, 201);
        await admin.json("PATCH", `/users/${user_id}`, {
          budget: { amount_micros: FITTING * TOKENS, period: "month" },
        });
        const make = ["key", "create", "shared", "--user", username];
        const keys = [keyIn(await install.command(make)), keyIn(await install.command(make))];
        const [limit] = LIMITS;
        assert(limit !== undefined);
        await serveWhatFits(gates, upstream, limit, (n) => keys[n % 2] ?? "");
        await assertBooked(gates, admin.credential, "user", user_id);
      });
    }
    const [sum] = await admin.usage("model");
    assertEquals(
      sum && { requests: sum.requests, prompt: sum.prompt_tokens, completion: sum.completion_tokens },
      upstream.said,
      "the books beside the upstream's own count",
    );
    assertEquals(sum?.cost, { micros: upstream.said.prompt + upstream.said.completion, currency: "USD" });
    await gates.stop();
  });
}

/** Asks all at once, answers nobody until each is either with the upstream or refused, then again when all is settled. */
async function serveWhatFits(
  gates: Gates,
  upstream: MeteredUpstream,
  { code, header }: Limit,
  keyOf: (n: number) => string,
): Promise<void> {
  const before = upstream.arrived;
  const release = upstream.hold();
  let refused = 0;
  const startedAt = performance.now();
  const wave = () =>
    Array.from({ length: REQUESTS }, async (_, n) => {
      const response = await ask(new Api(gates.at(n).url, keyOf(n)), n);
      const text = await response.text();
      if (response.status === 200) return;
      assertEquals(response.status, 429, text);
      assertEquals(JSON.parse(text).error.code, code, text);
      assertGreater(Number(response.headers.get("retry-after")), 0);
      if (header !== null) assertEquals(response.headers.get(header), "0");
      refused++;
    });
  try {
    const first = wave();
    first.forEach((request) => request.catch(() => {})); // awaited below, once the upstream answers
    await eventually(
      () => Promise.resolve(refused + upstream.arrived - before === REQUESTS || undefined),
      "every request to be sent on or refused",
    );
    assertEquals(upstream.arrived - before, FITTING, "served while all were open");
    report(`${REQUESTS} decisions after ${Math.round(performance.now() - startedAt)} ms`);
    release();
    await Promise.all(first);
    await Promise.all(wave());
    assertEquals(upstream.arrived - before, FITTING, "served after all was settled");
  } finally {
    release();
  }
}

/** On all routes to the model in turn. */
async function ask(api: Api, n: number): Promise<Response> {
  const messages = [{ role: "user", content: "x".repeat(PROMPT_TOKENS * 4) }];
  const body = { model: PRICED_MODEL, messages, max_tokens: ANSWER_TOKENS };
  switch (n % 4) {
    case 0:
      return await api.ask("POST", "/v1/chat/completions", body);
    case 1:
      return await api.ask("POST", "/v1/chat/completions", { ...body, stream: true });
    case 2:
      return await api.ask("POST", "/api/v1/llm/chat", body);
    default:
      return await api.ask("POST", "/api/v1/llm/chat/stream", body);
  }
}

/** Every process knows within two seconds what was used. */
async function assertBooked(
  gates: Gates,
  credential: string | null,
  group: "key" | "user",
  id: string,
): Promise<void> {
  const expected = {
    key: id,
    requests: FITTING,
    prompt_tokens: FITTING * PROMPT_TOKENS,
    completion_tokens: FITTING * ANSWER_TOKENS,
    estimated: 0,
    cost: { micros: FITTING * TOKENS, currency: "USD" },
  };
  for (const gate of gates.all) {
    const api = new Api(gate.url, credential);
    const lineNow = async () => (await api.usage(group)).find(({ key }) => key === id);
    const line = await eventually(
      async () => {
        const line = await lineNow();
        return line?.requests === FITTING && line.estimated === 0 ? line : undefined;
      },
      "finished requests in the sums",
      SHOWN_WITHIN_MS,
    ).catch(lineNow);
    assertEquals(line, expected);
  }
}
