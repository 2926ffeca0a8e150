import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { API_KEY, MockUpstream, startGate } from "../../testing/mod.ts";
import { assertError, type Json, say, sent, startTalk, str, usageRow } from "./contract_talk_fixture.ts";

const NOWHERE = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
const DOORS: [string, string, Json?][] = [
  ["POST", "/conversation", { message: "x" }],
  ["POST", "/conversation/session", {}],
  ["GET", `/conversation/session/${NOWHERE}`],
  ["PATCH", `/conversation/session/${NOWHERE}`, {}],
  ["DELETE", `/conversation/session/${NOWHERE}`],
  ["GET", "/conversation/sessions/user/me"],
  ["GET", `/conversation/session/${NOWHERE}/history`],
  ["GET", `/conversation/session/${NOWHERE}/stream`],
  ["POST", `/conversation/session/${NOWHERE}/stop`],
  ["GET", `/conversation/session/${NOWHERE}/export?format=md`],
  ["POST", "/set-llm", {}],
  ["POST", "/chat", { session_id: NOWHERE, message: "x" }],
  ["POST", "/create_session", {}],
  ["POST", "/ws-ticket", { session_id: NOWHERE }],
];

Deno.test("every route asks for a credential of ours where AUTH=required", async () => {
  await using talk = await startTalk();
  const { house, upstream } = talk;
  for (const [method, path, body] of DOORS) {
    assertError(await house.call(method, path, null, body), 401, "credential_required");
    assertError(await house.call(method, path, "gh_nobody", body), 401, "invalid_api_key");
    const basic = await house.call(method, path, null, body, { authorization: "Basic YTpi" });
    assertEquals(basic.status, 401, basic.text);
  }
  assertEquals(upstream.calls.length, 0);
});

Deno.test("an API key opens conversations, sessions and tickets, by either header", async () => {
  await using talk = await startTalk();
  const { house, ann } = talk;
  const { key } = await house.key(ann.access);
  const session = await ann.session({ name: "by login" });
  const byKey = await house.call("POST", "/conversation", null, { message: "x", session_id: session, stream: false }, {
    "x-api-key": key,
  });
  assertEquals([byKey.status, byKey.json["session_id"]], [200, session], byKey.text);
  for (
    const [method, path, body, status] of [
      ["GET", "/conversation/sessions/user/me", undefined, 200],
      ["GET", `/conversation/sessions/user/${ann.id}`, undefined, 200],
      ["GET", `/conversation/session/${session}/history`, undefined, 200],
      ["GET", `/conversation/session/${session}/export?format=md`, undefined, 200],
      ["POST", "/set-llm", {}, 201],
      ["POST", "/create_session", {}, 201],
      ["POST", "/ws-ticket", { session_id: session }, 201],
      ["DELETE", `/conversation/session/${session}`, undefined, 204],
    ] as const
  ) {
    const answer = await house.call(method, path, key, body);
    assertEquals(answer.status, status, `${method} ${path} ${answer.text}`);
  }
});

Deno.test("open mode takes no credential and any dummy key, as one user, and keeps web pages out", async () => {
  await using upstream = new MockUpstream();
  upstream.answer = say("hi");
  await using gate = await startGate(upstream);
  const ask = (headers: Record<string, string> = {}) =>
    gate.fetch("/conversation", {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify({ message: "x", stream: false }),
    });
  for (const headers of [{}, { authorization: "Bearer dummy" }, { "x-api-key": "sk-1" }, { origin: gate.origin }]) {
    const answer = await ask(headers);
    assertEquals(answer.status, 200);
    await answer.body?.cancel();
  }
  for (
    const [headers, status] of [
      [{ origin: "https://evil.example" }, 403],
      [{ origin: "null" }, 403],
      [{ "sec-fetch-site": "cross-site" }, 403],
      [{ "x-forwarded-for": "1.2.3.4" }, 401],
      [{ authorization: "Bearer gh_unknown" }, 401],
    ] as const
  ) {
    const answer = await ask(headers);
    assertEquals(answer.status, status, JSON.stringify(headers));
    await answer.body?.cancel();
  }
  const list = await (await gate.fetch("/conversation/sessions/user/me")).json();
  assertEquals(list.data.length, 4);
  assertEquals(new Set(list.data.map((one: Json) => one["user_id"])).size, 1);
  const own = await gate.fetch(`/conversation/sessions/user/${list.data[0].user_id}`);
  assertEquals((await own.json()).data.length, 4);
});

Deno.test("what crosses: the client's named headers go up, its credentials never, the upstream's cookies never come down", async () => {
  await using talk = await startTalk({ ...API_KEY, LLM_EXTRA_HEADERS: '{"x-extra":"yes"}' });
  const { house, ann, upstream } = talk;
  const { key } = await house.key(ann.access);
  upstream.answer = (seen) => {
    const answer = say("hi")(seen);
    answer.headers.set("set-cookie", "a=b");
    answer.headers.set("openai-processing-ms", "5");
    return answer;
  };
  const more = {
    cookie: "session=secret",
    "x-api-key": key,
    "user-agent": "tester/1",
    "openai-organization": "org",
    traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    "x-request-id": "my-own-id.1",
    "x-other": "no",
  };
  for (const path of ["/conversation", "/chat"]) {
    const session_id = await ann.session();
    const answer = await ann.call("POST", path, {
      message: "x",
      session_id,
      ...(path === "/chat" ? {} : { stream: false }),
    }, more);
    assertEquals([answer.status, answer.headers.get("x-request-id")], [200, "my-own-id.1"], answer.text);
    assertEquals(answer.headers.get("set-cookie"), null);
    const { headers, text } = upstream.last;
    assertEquals(headers.get("authorization"), `Bearer ${API_KEY.MODEL_KEY}`);
    for (const name of ["cookie", "x-api-key", "x-other"]) assertEquals(headers.get(name), null, name);
    for (const name of ["user-agent", "openai-organization"] as const) {
      assertEquals(headers.get(name), more[name], name);
    }
    assert(headers.get("traceparent")?.startsWith("00-0af7651916cd43dd8448eb211c80319c-"));
    assertEquals([headers.get("x-extra"), headers.get("content-type")], ["yes", "application/json"]);
    assert(headers.get("accept-encoding")?.includes("identity"));
    assert(!text.includes(key) && !text.includes(ann.access));
  }
});

Deno.test("a request id that is not sane is replaced", async () => {
  await using talk = await startTalk();
  for (const id of ["a b", "x".repeat(500), "ä"]) {
    const answer = await talk.ann.call("GET", "/conversation/sessions/user/me", undefined, {
      "x-request-id": id === "ä" ? "%" : id,
    });
    assertNotEquals(answer.headers.get("x-request-id"), id);
    assert(/^[0-9A-HJKMNP-TV-Z]{26}$/.test(str(answer.headers.get("x-request-id"))));
  }
});

Deno.test("a limited key gets 429 with Retry-After before anything is stored", async () => {
  await using talk = await startTalk();
  const { house, ann } = talk;
  const { key } = await house.key(ann.access, { rpm: 1 });
  const session_id = await ann.session();
  const ask = (path: string, body: Json) => house.call("POST", path, key, { session_id, message: "x", ...body });
  assertEquals((await ask("/conversation", { stream: false })).status, 200);
  for (const [path, body] of [["/conversation", { stream: false }], ["/conversation", {}], ["/chat", {}]] as const) {
    const refused = await ask(path, body);
    assertError(refused, 429, "rate_limit_exceeded");
    const wait = Number(refused.headers.get("retry-after"));
    assert(Number.isInteger(wait) && wait >= 1 && wait <= 61, `${wait}`);
  }
  assertEquals(talk.upstream.calls.length, 1);
  assertEquals((await house.call("GET", `/conversation/session/${session_id}/history`, key)).status, 200);
  assertEquals((await ann.history(session_id)).length, 2);
  house.clock.skip(61_000);
  assertEquals((await ask("/chat", {})).status, 200);
});

Deno.test("a spent budget is 429 budget_exceeded, and what a turn cost shows in the usage", async () => {
  await using talk = await startTalk();
  const { house, ann } = talk;
  const { key } = await house.key(ann.access, { budget: { amount_micros: 1, period: "day" } });
  const refused = await house.call("POST", "/conversation", key, { message: "x", stream: false });
  assertError(refused, 429, "budget_exceeded");
  assertNotEquals(refused.headers.get("retry-after"), null);
  assertEquals(talk.upstream.calls.length, 0);
  await ann.turn({ message: "x" });
  const row = await usageRow(ann, "m1");
  assertEquals([row["requests"], row["prompt_tokens"], row["completion_tokens"]], [1, 5, 2]);
  assertEquals(row["cost"], { micros: 33, currency: "USD" });
});

Deno.test("a key's model list holds: 403 for another model, wherever it is named", async () => {
  await using talk = await startTalk();
  const { house, ann, upstream } = talk;
  const { key } = await house.key(ann.access, { models: ["m2"] });
  const ask = (body: Json) => house.call("POST", "/conversation", key, { message: "x", stream: false, ...body });
  assertError(await ask({}), 403, "model_not_allowed", "model");
  assertError(await ask({ model: "m1" }), 403, "model_not_allowed", "model");
  assertEquals((await ask({ model: "m2" })).status, 200);
  const session_id = await ann.session();
  await ann.call("PATCH", `/conversation/session/${session_id}`, { settings: { model: "m3" } });
  assertError(await ask({ session_id }), 403, "model_not_allowed", "model");
  assertError(await house.call("POST", "/chat", key, { session_id, message: "x" }), 403, "model_not_allowed", "model");
  assertEquals((await ask({ session_id, model: "m2" })).status, 200);
  assertEquals((await ann.history(session_id)).length, 2);
  assertEquals(upstream.calls.map((seen) => sent(seen)["model"]), ["m2", "m2"]);
});
