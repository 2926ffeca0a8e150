import { assert, assertEquals, assertMatch } from "@std/assert";
import { Feed, json, left, silence } from "../../testing/mod.ts";
import { type Answer, assertError, codeOf, type House, type Json, startHouse } from "./contract_fixture_test.ts";

/** An answer that uses exactly these tokens. */
const using = (prompt: number, completion: number) =>
  json(JSON.stringify({
    choices: [{ index: 0, message: { role: "assistant", content: "x" }, finish_reason: "stop" }],
    usage: { prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion },
  }));

/** Forty bytes of prompt: ten tokens. */
const TEN = [{ role: "user", content: "x".repeat(40) }];
/** One such request with a completion of 100 costs 25 + 1000 micros. */
const COST = 1025;

function assertLimited(answer: Answer, code: string): number {
  assertError(answer, 429, code);
  const wait = Number(answer.headers.get("retry-after"));
  assert(Number.isInteger(wait) && wait > 0, `retry-after ${answer.headers.get("retry-after")}`);
  return wait;
}

/** Sets limits on the user or makes a key of them, and gives the credential that they bind. */
async function bound(house: House, on: "user" | "key", limits: Json): Promise<string> {
  const ann = await house.user("ann");
  if (on === "key") return (await house.key(ann.access, limits)).key;
  await house.limit(ann.id, limits);
  return (await house.key(ann.access)).key;
}

for (const on of ["user", "key"] as const) {
  Deno.test(`requests per minute of a ${on}: exactly so many, 429 with headers, and again after Retry-After`, async () => {
    await using house = await startHouse();
    const credential = await bound(house, on, { rpm: 3 });
    for (let n = 0; n < 3; n++) {
      const answer = await house.chat(credential);
      assertEquals(answer.status, 200, answer.text);
      assertEquals(answer.headers.get("x-ratelimit-limit-requests"), "3");
      assertEquals(answer.headers.get("x-ratelimit-remaining-requests"), String(2 - n));
      assertMatch(answer.headers.get("x-ratelimit-reset-requests") ?? "", /^(\d+h)?(\d+m)?(\d+(\.\d+)?s|\d+ms)?$/);
    }
    const refused = await house.chat(credential);
    const wait = assertLimited(refused, "rate_limit_exceeded");
    assert(wait <= 61, `${wait}`);
    assertEquals(refused.headers.get("x-ratelimit-remaining-requests"), "0");
    const gateway = { messages: TEN };
    assertLimited(await house.call("POST", "/api/v1/llm/chat", credential, gateway), "rate_limit_exceeded");
    assertLimited(await house.call("POST", "/api/v1/llm/chat/stream", credential, gateway), "rate_limit_exceeded");
    assertEquals(house.upstream.calls.length, 3);
    house.clock.skip(wait * 1000);
    assertEquals((await house.chat(credential)).status, 200);
  });

  Deno.test(`tokens per minute of a ${on}: the reservation must fit, and what was not used comes back`, async () => {
    await using house = await startHouse();
    house.upstream.answer = () => using(10, 40);
    const credential = await bound(house, on, { tpm: 200 });
    const ask = (max_tokens: number) => house.chat(credential, { messages: TEN, max_tokens });
    assertLimited(await ask(191), "rate_limit_exceeded");
    const first = await ask(190);
    assertEquals(first.status, 200, first.text);
    assertEquals(first.headers.get("x-ratelimit-limit-tokens"), "200");
    assertMatch(first.headers.get("x-ratelimit-remaining-tokens") ?? "", /^\d+$/);
    for (let n = 0; n < 20 && (await ask(140)).status === 429; n++) {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    assertEquals(house.upstream.calls.length, 2, "150 of 200 tokens were given back");
    const wait = assertLimited(await ask(180), "rate_limit_exceeded");
    house.clock.skip(wait * 1000);
    const after = await ask(180);
    assertEquals(after.status, 200, after.text);
  });

  Deno.test(`a budget of a ${on}: what does not fit is refused until the next day`, async () => {
    await using house = await startHouse();
    house.upstream.answer = () => using(10, 100);
    const credential = await bound(house, on, { budget: { amount_micros: 2 * COST, period: "day" } });
    const ask = () => house.chat(credential, { messages: TEN, max_tokens: 100 });
    assertEquals((await ask()).status, 200);
    assertEquals((await ask()).status, 200);
    const wait = assertLimited(await ask(), "budget_exceeded");
    const midnight = Math.ceil(house.clock.now() / 86_400_000) * 86_400_000;
    assert(Math.abs(house.clock.now() + wait * 1000 - midnight) < 5_000, `retry-after ${wait} is not the next UTC day`);
    assertLimited(await house.chat(credential, { messages: TEN, max_tokens: 1 }), "budget_exceeded");
    house.clock.skip(wait * 1000);
    assertEquals((await ask()).status, 200);
  });

  Deno.test(`64 at once against a ${on}'s budget for exactly ten: ten are served`, async () => {
    await using house = await startHouse();
    house.upstream.answer = () => using(10, 100);
    const credential = await bound(house, on, { budget: { amount_micros: 10 * COST, period: "month" } });
    const asking = Array.from({ length: 64 }, () => house.chat(credential, { messages: TEN, max_tokens: 100 }));
    const answers = await Promise.all(asking);
    assertEquals(answers.filter((answer) => answer.status === 200).length, 10);
    assertEquals(house.upstream.calls.length, 10);
    for (const answer of answers) if (answer.status !== 200) assertLimited(answer, "budget_exceeded");
  });
}

Deno.test("64 at once by several keys, logins and surfaces of one user share the user's budget", async () => {
  await using house = await startHouse();
  house.upstream.answer = () => using(10, 100);
  const ann = await house.user("ann");
  await house.limit(ann.id, { budget: { amount_micros: 10 * COST, period: "day" } });
  const credentials = [
    ann.access,
    (await house.login("ann")).access,
    (await house.key(ann.access)).key,
    (await house.key(ann.access)).key,
  ];
  const asking = Array.from({ length: 64 }, (_, n) => {
    const credential = credentials[n % 4] ?? "";
    const body = { messages: TEN, max_tokens: 100 };
    return n % 3 === 0 ? house.call("POST", "/api/v1/llm/chat", credential, body) : house.chat(credential, body);
  });
  const answers = await Promise.all(asking);
  assertEquals(answers.filter((answer) => answer.status === 200).length, 10);
});

Deno.test("64 at once against requests and tokens per minute: exactly what fits", async () => {
  for (const limits of [{ rpm: 10 }, { tpm: 1100 }]) {
    await using house = await startHouse();
    house.upstream.answer = () => using(10, 100);
    const credential = await bound(house, "key", limits);
    const answers = await Promise.all(
      Array.from({ length: 64 }, () => house.chat(credential, { messages: TEN, max_tokens: 100 })),
    );
    assertEquals(answers.filter((answer) => answer.status === 200).length, 10, JSON.stringify(limits));
  }
});

Deno.test("a reservation is the prompt plus max_completion_tokens, or max_tokens, or the model's most, times n", async () => {
  const cases: [Json, number][] = [
    [{ max_tokens: 100 }, 10 + 100],
    [{ max_completion_tokens: 50 }, 10 + 50],
    [{ max_completion_tokens: 50, max_tokens: 100 }, 10 + 50],
    [{}, 10 + 4096],
    [{ max_tokens: null }, 10 + 4096],
    [{ max_tokens: 100, n: 3 }, 10 + 300],
    [{ max_tokens: 100, n: null }, 10 + 100],
    [{ messages: [{ role: "user", content: [{ type: "text", text: "x".repeat(40) }] }], max_tokens: 100 }, 10 + 100],
  ];
  for (const [fields, tokens] of cases) {
    await using house = await startHouse();
    const ann = await house.user("ann");
    const fits = await house.key(ann.access, { tpm: tokens });
    const short = await house.key(ann.access, { tpm: tokens - 1 });
    assertLimited(await house.chat(short.key, { messages: TEN, ...fields }), "rate_limit_exceeded");
    const answer = await house.chat(fits.key, { messages: TEN, ...fields });
    assertEquals(answer.status, 200, `${JSON.stringify(fields)}: ${answer.text}`);
  }
});

Deno.test("no wrong max_tokens or n makes a reservation small", async () => {
  await using house = await startHouse();
  const ann = await house.user("ann");
  const key = await house.key(ann.access, { tpm: 1000 });
  const wrong: Json[] = [
    { max_tokens: -5000 },
    { max_tokens: "5" },
    { max_tokens: 0.001 },
    { max_tokens: 1e308 },
    { max_tokens: 5000, n: 0 },
    { max_tokens: 900, n: -1 },
    { max_tokens: 5000, n: 0.1 },
    { max_tokens: 900, n: "5" },
    { max_tokens: 900, n: 1e308 },
    { max_tokens: [] },
    { max_completion_tokens: null, max_tokens: 5000 },
  ];
  for (const fields of wrong) {
    house.clock.skip(61_000);
    const answer = await house.chat(key.key, { messages: TEN, ...fields });
    if (answer.status !== 200) continue;
    // Passed on: then it must have reserved what a request without the field would, or the number read as the upstream must read it.
    const remaining = Number(answer.headers.get("x-ratelimit-remaining-tokens"));
    assert(remaining < 990, `${JSON.stringify(fields)} reserved ${1000 - remaining}`);
  }
});

Deno.test("a budget binds: a model without a price is refused", async () => {
  await using house = await startHouse();
  house.upstream.list = () => Response.json({ object: "list", data: [{ id: "m1" }, { id: "free" }] });
  const ann = await house.user("ann");
  const key = await house.key(ann.access, { budget: { amount_micros: 1_000_000, period: "day" } });
  const refused = await house.chat(key.key, { model: "free" });
  assertEquals([refused.status, codeOf(refused)], [403, "model_not_priced"]);
  assertEquals((await house.chat(key.key, { model: "m1" })).status, 200);
  assertEquals((await house.chat(ann.access, { model: "free" })).status, 200);
});

Deno.test("a key only narrows: the user's limit binds a key with a wider one, and both count", async () => {
  await using house = await startHouse();
  const ann = await house.user("ann");
  const wide = await house.key(ann.access, { rpm: 1000 });
  const narrow = await house.key(ann.access, { rpm: 1 });
  await house.limit(ann.id, { rpm: 3 });
  assertEquals((await house.chat(narrow.key)).status, 200);
  assertLimited(await house.chat(narrow.key), "rate_limit_exceeded");
  assertEquals((await house.chat(wide.key)).status, 200);
  assertEquals((await house.chat(ann.access)).status, 200, "a request that its key refused was counted for the user");
  assertLimited(await house.chat(wide.key), "rate_limit_exceeded");
  assertLimited(await house.chat(ann.access), "rate_limit_exceeded");
});

Deno.test("a limit of zero lets nothing through, and null lifts it", async () => {
  const zeros: Json[] = [{ rpm: 0 }, { tpm: 0 }, { budget: { amount_micros: 0, period: "day" } }];
  for (const limits of zeros) {
    await using house = await startHouse();
    const ann = await house.user("ann");
    const made = await house.call("POST", "/keys", ann.access, { name: "zero", ...limits });
    const name = Object.keys(limits)[0] ?? "";
    if (made.status !== 201) {
      assertEquals(made.status, 422, made.text);
      continue;
    }
    assertEquals((await house.chat(String(made.json["key"]))).status, 429, made.text);
    const lifted = await house.call("PATCH", `/keys/${made.json["key_id"]}`, ann.access, { [name]: null });
    assertEquals(lifted.status, 200, lifted.text);
    assertEquals((await house.chat(String(made.json["key"]))).status, 200);
  }
});

Deno.test("what a failed, refused or abandoned request reserved comes back", async () => {
  await using house = await startHouse();
  const ann = await house.user("ann");
  const key = await house.key(ann.access, { budget: { amount_micros: COST, period: "day" } });
  const body = { model: "m1", messages: TEN, max_tokens: 100 };
  for (const status of [400, 401, 429, 500]) {
    house.upstream.answer = () => json("{}", { status });
    const answer = await house.chat(key.key, body);
    assert(answer.status !== 200 && codeOf(answer) !== "budget_exceeded", `${status}: ${answer.text}`);
  }
  const calls = house.upstream.calls.length;
  house.upstream.answer = () => using(10, 100);
  assertEquals((await house.chat(key.key, body)).status, 200);
  assertEquals(house.upstream.calls.length, calls + 1);
});

Deno.test("a client that leaves pays for what came, and the rest of its reservation comes back", async () => {
  await using house = await startHouse();
  const ann = await house.user("ann");
  const key = await house.key(ann.access, { budget: { amount_micros: 2 * COST, period: "day" } });
  const body = JSON.stringify({ model: "m1", messages: TEN, max_tokens: 190, stream: true });
  const leaving = new AbortController();
  house.upstream.answer = silence;
  const asking = house.gate.chat(body, { headers: { authorization: `Bearer ${key.key}` }, signal: leaving.signal })
    .catch(() => null);
  await house.upstream.called(1);
  assertEquals((await house.chat(key.key, { messages: TEN, max_tokens: 100 })).status, 429);
  leaving.abort();
  await asking;
  await left(house.upstream.last);
  house.upstream.answer = () => using(10, 100);
  let status = 429;
  for (let n = 0; n < 20 && status === 429; n++) {
    status = (await house.chat(key.key, { messages: TEN, max_tokens: 100 })).status;
    if (status === 429) await new Promise((resolve) => setTimeout(resolve, 100));
  }
  assertEquals(status, 200);
});

Deno.test("an upstream that uses more than was reserved is billed in full, and closes the budget", async () => {
  await using house = await startHouse();
  house.upstream.answer = () => using(10, 5000);
  const ann = await house.user("ann");
  const key = await house.key(ann.access, { budget: { amount_micros: 3 * COST, period: "day" } });
  assertEquals((await house.chat(key.key, { messages: TEN, max_tokens: 100 })).status, 200);
  let answer = await house.chat(key.key, { messages: TEN, max_tokens: 1 });
  for (let n = 0; n < 20 && answer.status === 200; n++) {
    answer = await house.chat(key.key, { messages: TEN, max_tokens: 1 });
  }
  assertLimited(answer, "budget_exceeded");
  assert(house.upstream.calls.length <= 2, `${house.upstream.calls.length} calls`);
});

Deno.test("a limit that is lowered binds the next request, and one that is lifted frees it", async () => {
  await using house = await startHouse();
  const ann = await house.user("ann");
  assertEquals((await house.chat(ann.access)).status, 200);
  await house.limit(ann.id, { rpm: 1 });
  await house.chat(ann.access);
  assertLimited(await house.chat(ann.access), "rate_limit_exceeded");
  await house.limit(ann.id, { rpm: null });
  assertEquals((await house.chat(ann.access)).status, 200);
});

Deno.test("limits bind no lists, usage or health", async () => {
  await using house = await startHouse();
  const ann = await house.user("ann");
  const key = await house.key(ann.access, { rpm: 1 });
  await house.chat(key.key);
  assertLimited(await house.chat(key.key), "rate_limit_exceeded");
  for (const path of ["/v1/models", "/api/v1/llm/models", "/api/v1/llm/usage", "/users/me", "/health"]) {
    assertEquals((await house.call("GET", path, key.key)).status, 200, path);
  }
});

Deno.test("our limit headers stand above the upstream's, and a request without limits shows the upstream's", async () => {
  await using house = await startHouse();
  house.upstream.answer = () =>
    json("{}", { headers: { "x-ratelimit-limit-requests": "9999", "x-ratelimit-remaining-requests": "9998" } });
  const ann = await house.user("ann");
  const key = await house.key(ann.access, { rpm: 5 });
  assertEquals((await house.chat(key.key)).headers.get("x-ratelimit-limit-requests"), "5");
  assertEquals((await house.chat(key.key)).headers.get("x-ratelimit-remaining-requests"), "3");
  assertEquals((await house.chat(ann.access)).headers.get("x-ratelimit-limit-requests"), "9999");
});

Deno.test("deleting and making keys anew does not refill a user's limit", async () => {
  await using house = await startHouse();
  const ann = await house.user("ann");
  await house.limit(ann.id, { rpm: 2 });
  let served = 0;
  for (let n = 0; n < 5; n++) {
    const key = await house.key(ann.access);
    if ((await house.chat(key.key)).status === 200) served++;
    await house.call("DELETE", `/keys/${key.id}`, ann.access);
  }
  assertEquals(served, 2);
});

Deno.test("a stream holds its reservation until it ends", async () => {
  await using house = await startHouse();
  const feed = new Feed();
  house.upstream.answer = () => feed.response;
  const ann = await house.user("ann");
  const key = await house.key(ann.access, { budget: { amount_micros: COST, period: "day" } });
  const first = house.chat(key.key, { messages: TEN, max_tokens: 100, stream: true });
  await house.upstream.called(1);
  for (let n = 0; n < 3; n++) {
    house.clock.skip(10_000);
    assertLimited(await house.chat(key.key, { messages: TEN, max_tokens: 1 }), "budget_exceeded");
  }
  feed.send('data: {"choices":[{"index":0,"delta":{"content":"x"},"finish_reason":"stop"}]}\n\n');
  feed.send('data: {"choices":[],"usage":{"prompt_tokens":10,"completion_tokens":1}}\n\ndata: [DONE]\n\n');
  feed.close();
  assertEquals((await first).status, 200);
  house.upstream.answer = () => using(10, 1);
  let status = 429;
  for (let n = 0; n < 20 && status === 429; n++) {
    status = (await house.chat(key.key, { messages: TEN, max_tokens: 90 })).status;
    if (status === 429) await new Promise((resolve) => setTimeout(resolve, 100));
  }
  assertEquals(status, 200);
});

Deno.test("a stream across midnight uses the budget of the day on which the bill shows it", async () => {
  await using house = await startHouse({ ACCESS_TOKEN_EXPIRE_MINUTES: "3000", LLM_REQUEST_TIMEOUT: "86400" });
  const ann = await house.user("ann");
  const key = await house.key(ann.access, { budget: { amount_micros: COST, period: "day" } });
  const midnight = Math.ceil(house.clock.now() / 86_400_000) * 86_400_000;
  house.clock.skip(midnight - house.clock.now() - 10_000);
  const feed = new Feed();
  house.upstream.answer = () => feed.response;
  const open = house.chat(key.key, { messages: TEN, max_tokens: 100, stream: true });
  await house.upstream.called(1);
  house.clock.skip(15_000);
  feed.send('data: {"choices":[{"index":0,"delta":{"content":"x"},"finish_reason":"stop"}]}\n\n');
  feed.send('data: {"choices":[],"usage":{"prompt_tokens":10,"completion_tokens":90}}\n\ndata: [DONE]\n\n');
  feed.close();
  assertEquals((await open).status, 200);
  const [row] = await house.eventually(ann.access, "?group_by=day", ([first]) => first?.["estimated"] === 0);
  const today = new Date(house.clock.now()).toISOString().slice(0, 10);
  house.upstream.answer = () => using(10, 100);
  const next = await house.chat(key.key, { messages: TEN, max_tokens: 100 });
  assertEquals(
    next.status,
    row?.["key"] === today ? 429 : 200,
    `billed on ${row?.["key"]}, today is ${today}: ${next.text}`,
  );
});

Deno.test("a budget that is raised frees the next request, and one that is lowered closes", async () => {
  await using house = await startHouse();
  house.upstream.answer = () => using(10, 100);
  const ann = await house.user("ann");
  const key = await house.key(ann.access, { budget: { amount_micros: COST, period: "month" } });
  const ask = () => house.chat(key.key, { messages: TEN, max_tokens: 100 });
  const set = (amount_micros: number) =>
    house.call("PATCH", `/keys/${key.id}`, ann.access, { budget: { amount_micros, period: "month" } });
  assertEquals((await ask()).status, 200);
  assertLimited(await ask(), "budget_exceeded");
  await set(2 * COST);
  assertEquals((await ask()).status, 200);
  await set(1);
  assertLimited(await ask(), "budget_exceeded");
});
