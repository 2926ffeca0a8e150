import { assert, assertEquals } from "@std/assert";
import { chunk, DONE, events, Feed, FINISH, json, left, silence, USAGE } from "../../testing/mod.ts";
import { assertError, type House, type Json, startHouse } from "./contract_fixture_test.ts";

const USED = { prompt_tokens: 5, completion_tokens: 2 };
const row = (key: string, requests: number, prompt: number, completion: number, estimated: number) => ({
  key,
  requests,
  prompt_tokens: prompt,
  completion_tokens: completion,
  estimated,
  cost: { micros: Math.ceil(prompt * 2.5 + completion * 10), currency: "USD" },
});

/** The one row of a user's usage once so many requests show. */
async function shown(house: House, credential: string, requests = 1): Promise<Json | undefined> {
  const rows = await house.eventually(credential, "", ([first]) => first?.["requests"] === requests);
  return rows[0];
}

const noUsage = (content: string) =>
  json(
    JSON.stringify({
      id: "c",
      object: "chat.completion",
      model: "m1",
      choices: [{ index: 0, message: { role: "assistant", content }, finish_reason: "stop" }],
    }),
  );

Deno.test("a whole answer counts what the upstream says it used", async () => {
  await using house = await startHouse();
  const ann = await house.user("ann");
  await house.chat(ann.access);
  const found = await shown(house, ann.access);
  assertEquals(found, { key: "m1", requests: 1, ...USED, estimated: 0, cost: { micros: 33, currency: "USD" } });
});

Deno.test("a stream counts what the upstream says it used, asked for or not", async () => {
  await using house = await startHouse();
  const ann = await house.user("ann");
  house.upstream.answer = () => events(chunk("hello"), FINISH, USAGE, DONE);
  const quiet = await house.chat(ann.access, { stream: true });
  assert(!quiet.text.includes("usage"), quiet.text);
  const asked = await house.chat(ann.access, { stream: true, stream_options: { include_usage: true } });
  assert(asked.text.includes('"usage"'));
  const found = await shown(house, ann.access, 2);
  assertEquals([found?.["prompt_tokens"], found?.["completion_tokens"], found?.["estimated"]], [10, 4, 0]);
});

Deno.test("without the upstream's usage a token is four bytes of content, rounded up, and marked", async () => {
  for (const [content, tokens] of [["abcde", 2], ["abcd", 1], ["żółw żółw", 4], ["", 0]] as const) {
    await using house = await startHouse();
    const ann = await house.user("ann");
    house.upstream.answer = () => noUsage(content);
    assertEquals((await house.chat(ann.access)).status, 200);
    const found = await shown(house, ann.access);
    assertEquals([found?.["completion_tokens"], found?.["estimated"]], [tokens, 1], content);
    assertEquals(found?.["prompt_tokens"], 2, "the prompt is hello");
  }
});

Deno.test("a stream without usage is estimated over all of its pieces, not each rounded up", async () => {
  await using house = await startHouse();
  const ann = await house.user("ann");
  house.upstream.answer = () => events(..."abcdefghi".split("").map(chunk), FINISH, DONE);
  await house.chat(ann.access, { stream: true });
  const found = await shown(house, ann.access);
  assertEquals([found?.["completion_tokens"], found?.["estimated"]], [3, 1]);
});

Deno.test("tool calls count in an estimate, whole and streamed", async () => {
  const args = JSON.stringify({ city: "x".repeat(391) });
  assertEquals(args.length, 402);
  const tool = { index: 0, id: "1", type: "function", function: { name: "f", arguments: args } };
  for (const stream of [false, true]) {
    await using house = await startHouse();
    const ann = await house.user("ann");
    house.upstream.answer = () =>
      stream
        ? events(
          `data: ${
            JSON.stringify({ id: "c", choices: [{ index: 0, delta: { tool_calls: [tool] }, finish_reason: null }] })
          }\n\n`,
          FINISH,
          DONE,
        )
        : json(
          JSON.stringify({
            choices: [{
              index: 0,
              message: { role: "assistant", content: null, tool_calls: [tool] },
              finish_reason: "tool_calls",
            }],
          }),
        );
    await house.chat(ann.access, { stream });
    const found = await shown(house, ann.access);
    const completion = Number(found?.["completion_tokens"]);
    assert(completion >= 100 && completion <= 110, `stream ${stream}: ${completion}`);
    assertEquals(found?.["estimated"], 1);
  }
});

Deno.test("several choices count all together in an estimate", async () => {
  await using house = await startHouse();
  const ann = await house.user("ann");
  const choice = (index: number) => ({
    index,
    message: { role: "assistant", content: "abcdefgh" },
    finish_reason: "stop",
  });
  house.upstream.answer = () => json(JSON.stringify({ choices: [choice(0), choice(1), choice(2)] }));
  await house.chat(ann.access, { n: 3 });
  assertEquals((await shown(house, ann.access))?.["completion_tokens"], 6);
});

Deno.test("a client that leaves in mid-stream pays for what came, marked", async () => {
  await using house = await startHouse();
  const ann = await house.user("ann");
  const feed = new Feed();
  house.upstream.answer = () => feed.response;
  const leaving = new AbortController();
  const response = await house.gate.chat(
    JSON.stringify({ model: "m1", stream: true, messages: [{ role: "user", content: "hello" }] }),
    {
      headers: { authorization: `Bearer ${ann.access}` },
      signal: leaving.signal,
    },
  );
  const reader = response.body?.getReader();
  feed.send(chunk("abcdefgh"));
  await reader?.read();
  leaving.abort();
  await reader?.read().catch(() => {});
  await feed.left;
  const found = await shown(house, ann.access);
  assertEquals([found?.["prompt_tokens"], found?.["completion_tokens"], found?.["estimated"]], [2, 2, 1]);
});

Deno.test("a client that leaves before the first byte is metered for its prompt, marked", async () => {
  await using house = await startHouse();
  const ann = await house.user("ann");
  house.upstream.answer = silence;
  const leaving = new AbortController();
  const asking = house.gate.chat(JSON.stringify({ model: "m1", messages: [{ role: "user", content: "hello" }] }), {
    headers: { authorization: `Bearer ${ann.access}` },
    signal: leaving.signal,
  }).catch(() => null);
  await house.upstream.called(1);
  leaving.abort();
  await asking;
  await left(house.upstream.last);
  const found = await shown(house, ann.access);
  assertEquals([found?.["requests"], found?.["completion_tokens"], found?.["estimated"]], [1, 0, 1]);
});

Deno.test("a stream that the upstream cuts counts what came, marked; with usage before the cut, that", async () => {
  for (const withUsage of [false, true]) {
    await using house = await startHouse();
    const ann = await house.user("ann");
    house.upstream.answer = () => withUsage ? events(chunk("abcdefghijkl"), USAGE) : events(chunk("abcdefghijkl"));
    await house.chat(ann.access, { stream: true });
    const found = await shown(house, ann.access);
    assertEquals([found?.["completion_tokens"], found?.["estimated"]], withUsage ? [2, 0] : [3, 1]);
  }
});

Deno.test("an upstream that answers 4xx or 5xx costs nothing", async () => {
  await using house = await startHouse();
  const ann = await house.user("ann");
  for (const status of [400, 401, 404, 422, 429, 500, 503]) {
    house.upstream.answer = () => json('{"error":{"message":"no"}}', { status });
    await house.chat(ann.access);
  }
  house.upstream.answer = () =>
    json('{"choices":[{"message":{"content":"hi"}}],"usage":{"prompt_tokens":5,"completion_tokens":2}}');
  await house.chat(ann.access);
  const [found] = await house.eventually(ann.access, "", ([first]) => first?.["completion_tokens"] === 2);
  assertEquals([found?.["prompt_tokens"], found?.["completion_tokens"], found?.["estimated"], found?.["cost"]], [
    5,
    2,
    0,
    { micros: 33, currency: "USD" },
  ]);
});

Deno.test("what a limit refuses counts as nothing", async () => {
  await using house = await startHouse();
  const ann = await house.user("ann");
  const key = await house.key(ann.access, { rpm: 1 });
  await house.chat(key.key);
  for (let n = 0; n < 5; n++) assertEquals((await house.chat(key.key)).status, 429);
  house.clock.skip(3_000);
  const [found] = await house.eventually(ann.access, "", ([first]) => first?.["requests"] === 1);
  assertEquals(found?.["requests"], 1);
});

Deno.test("usage that is none at all is estimated, and the answer goes on", async () => {
  for (
    const usage of [null, {}, "5", [], { prompt_tokens: -5, completion_tokens: -2 }, {
      prompt_tokens: "5",
      completion_tokens: "2",
    }, { prompt_tokens: 0.5, completion_tokens: 2.5 }]
  ) {
    await using house = await startHouse();
    const ann = await house.user("ann");
    house.upstream.answer = () => json(JSON.stringify({ choices: [{ message: { content: "abcdefgh" } }], usage }));
    assertEquals((await house.chat(ann.access)).status, 200);
    const found = await shown(house, ann.access);
    assertEquals(
      [found?.["prompt_tokens"], found?.["completion_tokens"], found?.["estimated"]],
      [2, 2, 1],
      JSON.stringify(usage),
    );
  }
});

Deno.test("a half of the usage that is missing or wrong is estimated and marked, never free", async () => {
  const halves: [unknown, number, number][] = [
    [{ completion_tokens: 7 }, 2, 7],
    [{ prompt_tokens: 7 }, 7, 2],
    [{ prompt_tokens: null, completion_tokens: 7 }, 2, 7],
    [{ prompt_tokens: -5, completion_tokens: 7 }, 2, 7],
    [{ prompt_tokens: "5", completion_tokens: 7 }, 2, 7],
    [{ prompt_tokens: 1e300, completion_tokens: 7 }, 2, 7],
    [{ prompt_tokens: 7, completion_tokens: 1e300 }, 7, 2],
  ];
  for (const stream of [false, true]) {
    for (const [usage, prompt, completion] of halves) {
      await using house = await startHouse();
      const ann = await house.user("ann");
      const whole = { choices: [{ message: { content: "abcdefgh" } }], usage };
      house.upstream.answer = () =>
        stream
          ? events(chunk("abcdefgh"), FINISH, `data: ${JSON.stringify({ choices: [], usage })}\n\n`, DONE)
          : json(JSON.stringify(whole));
      assertEquals((await house.chat(ann.access, { stream })).status, 200);
      const found = await shown(house, ann.access);
      // Estimating the whole request is as good as estimating the half.
      const counts = [found?.["prompt_tokens"], found?.["completion_tokens"], found?.["estimated"]];
      assert(
        [[prompt, completion, 1], [2, 2, 1]].some((good) => String(good) === String(counts)),
        `${stream} ${JSON.stringify(usage)}: ${counts}`,
      );
    }
  }
});

Deno.test("a to far ahead leaves out nothing of today", async () => {
  await using house = await startHouse();
  const ann = await house.user("ann");
  await house.chat(ann.access);
  await shown(house, ann.access);
  const answer = await house.call("GET", "/api/v1/llm/usage?to=2099-01-01", ann.access);
  assert(answer.status === 422 || answer.text.includes('"requests":1'), answer.text);
});

Deno.test("usage is grouped by model, user, key and day, each with its cost, and bounded by from and to", async () => {
  await using house = await startHouse();
  house.upstream.list = () => Response.json({ object: "list", data: [{ id: "m1" }, { id: "m2" }] });
  const ann = await house.user("ann");
  const bob = await house.user("bob");
  const key = await house.key(ann.access);
  await house.chat(ann.access);
  await house.chat(key.key);
  await house.chat(key.key, { model: "m2" });
  await house.chat(bob.access);
  const admin = await house.admin();
  const sum = (rows: Json[]) => rows.reduce((total, each) => total + Number(each["requests"]), 0);
  await house.eventually(admin, "", (rows) => sum(rows) === 4);
  const free = { ...row("m2", 1, 5, 2, 0), cost: null };
  const one = (key: string, requests: number) => ({
    ...row(key, requests, 5 * requests, 2 * requests, 0),
    cost: { micros: 33 * requests, currency: "USD" },
  });
  assertEquals(await house.usage(ann.access), [one("m1", 2), free]);
  assertEquals(await house.usage(ann.access, "?group_by=model"), [one("m1", 2), free]);
  assertEquals(await house.usage(admin, "?group_by=model"), [one("m1", 3), free]);
  const users = await house.usage(admin, "?group_by=user");
  assertEquals(users.map((each) => [each["key"], each["requests"]]).sort(), [[ann.id, 3], [bob.id, 1]].sort());
  assertEquals((await house.usage(ann.access, "?group_by=user")).map((each) => each["key"]), [ann.id]);
  assertEquals(
    (await house.usage(ann.access, "?group_by=key")).find((each) => each["key"] === key.id)?.["requests"],
    2,
  );
  assertEquals((await house.usage(bob.access, "?group_by=key")).length, 1);
  const day = new Date(house.clock.now()).toISOString().slice(0, 10);
  assertEquals((await house.usage(ann.access, "?group_by=day")).map((each) => [each["key"], each["requests"]]), [[
    day,
    3,
  ]]);
  assertEquals(await house.usage(ann.access, "?from=2020-01-01&to=2020-02-01"), []);
  assertEquals(sum(await house.usage(ann.access, `?from=${day}`)), 3);
  const until = new Date(house.clock.now() + 86_400_000).toISOString();
  assertEquals(sum(await house.usage(ann.access, `?from=${day}T00:00:00Z&to=${until}`)), 3);
});

Deno.test("the usage query names a parameter that is wrong", async () => {
  await using house = await startHouse();
  const ann = await house.user("ann");
  const cases: [string, string][] = [
    ["group_by=color", "group_by"],
    ["group_by=", "group_by"],
    ["from=yesterday", "from"],
    ["to=x", "to"],
    ["from=2026-13-01", "from"],
    ["from=2026-02-30", "from"],
    ["user_id=x", "user_id"],
    ["limit=0", "limit"],
    ["cursor=x", "cursor"],
  ];
  for (const [query, param] of cases) {
    assertError(await house.call("GET", `/api/v1/llm/usage?${query}`, ann.access), 422, "invalid_field", param);
  }
  const backwards = await house.call("GET", "/api/v1/llm/usage?from=2026-02-01&to=2026-01-01", ann.access);
  assert(backwards.status === 422 || backwards.text.includes('"data":[]'), backwards.text);
});

Deno.test("usage goes through its rows by cursor, each once", async () => {
  await using house = await startHouse();
  house.upstream.list = () => Response.json({ object: "list", data: ["a", "b", "c", "d", "e"].map((id) => ({ id })) });
  const ann = await house.user("ann");
  for (const model of ["a", "b", "c", "d", "e"]) await house.chat(ann.access, { model });
  await house.eventually(ann.access, "", (rows) => rows.length === 5);
  const seen: unknown[] = [];
  let cursor = "";
  for (let page = 0; page < 10; page++) {
    const answer = await house.call("GET", `/api/v1/llm/usage?limit=2${cursor}`, ann.access);
    const data = answer.json["data"] as Json[]; // read by key below
    assert(data.length <= 2, answer.text);
    seen.push(...data.map((each) => each["key"]));
    if (answer.json["next_cursor"] === null) break;
    cursor = `&cursor=${encodeURIComponent(String(answer.json["next_cursor"]))}`;
  }
  assertEquals(seen.sort(), ["a", "b", "c", "d", "e"]);
});

Deno.test("the gateway's own answers and its streams are metered like /v1", async () => {
  await using house = await startHouse();
  const ann = await house.user("ann");
  const body = { messages: [{ role: "user", content: "hello" }] };
  await house.call("POST", "/api/v1/llm/chat", ann.access, body);
  house.upstream.answer = () => events(chunk("abcdefgh"), FINISH, DONE);
  const streamed = await house.call("POST", "/api/v1/llm/chat/stream", ann.access, body);
  assert(streamed.text.includes('"estimated":true'), streamed.text);
  const found = await shown(house, ann.access, 2);
  assertEquals([found?.["prompt_tokens"], found?.["completion_tokens"], found?.["estimated"]], [7, 4, 1]);
});

Deno.test("an open stream shows its running count before it ends", async () => {
  await using house = await startHouse();
  const ann = await house.user("ann");
  const feed = new Feed();
  house.upstream.answer = () => feed.response;
  const asking = house.chat(ann.access, { stream: true });
  await house.upstream.called(1);
  feed.send(chunk("x".repeat(400)));
  const [running] = await house.eventually(ann.access, "", ([first]) => Number(first?.["completion_tokens"]) >= 100);
  feed.send(FINISH + USAGE + DONE);
  feed.close();
  await asking;
  const [settled] = await house.eventually(
    ann.access,
    "",
    ([first]) => first?.["estimated"] === 0 && first["completion_tokens"] === 2,
  );
  assertEquals(running?.["completion_tokens"], 100);
  assertEquals(settled, { key: "m1", requests: 1, ...USED, estimated: 0, cost: { micros: 33, currency: "USD" } });
});

Deno.test("what is metered outlives its key", async () => {
  await using house = await startHouse();
  const ann = await house.user("ann");
  const key = await house.key(ann.access);
  await house.chat(key.key);
  await house.call("DELETE", `/keys/${key.id}`, ann.access);
  const [found] = await house.eventually(ann.access, "?group_by=key", (rows) => rows.length === 1);
  assertEquals([found?.["key"], found?.["requests"]], [key.id, 1]);
});
