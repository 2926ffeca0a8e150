import { assert, assertEquals } from "@std/assert";
import { chunk, DONE, events, Feed, FINISH, json, left, type Seen, silence } from "../../testing/mod.ts";
import {
  assertError,
  assertIds,
  codeOf,
  type Json,
  messagesOf,
  namesOf,
  say,
  startTalk,
  str,
} from "./contract_talk_fixture.ts";

const TOO_LONG = JSON.stringify({ error: { message: "too long", type: "x", param: null, code: "context_length" } });

Deno.test("an upstream's own 4xx keeps status, body and Retry-After, or comes as the error event of a stream", async () => {
  await using talk = await startTalk();
  const { ann, upstream } = talk;
  const refusals: [number, Record<string, string>][] = [
    [400, {}],
    [403, {}],
    [404, {}],
    [413, {}],
    [422, {}],
    [429, { "retry-after": "7" }],
  ];
  for (const [status, headers] of refusals) {
    upstream.answer = () =>
      json(TOO_LONG, { status, headers: { ...headers, "set-cookie": "a=b", "www-authenticate": "x" } });
    for (const [path, more] of [["/conversation", { stream: false }], ["/chat", {}]] as const) {
      const session_id = await ann.session();
      const answer = await ann.call("POST", path, { message: "hello", session_id, ...more });
      assertEquals([answer.status, answer.text], [status, TOO_LONG], path);
      assertEquals(answer.headers.get("retry-after"), headers["retry-after"] ?? null);
      assertEquals([answer.headers.get("set-cookie"), answer.headers.get("www-authenticate")], [null, null]);
      const [asked = {}, reply] = await ann.history(session_id);
      assertEquals(asked["content"], "hello");
      if (reply !== undefined) assertEquals([reply["status"], reply["content"]], ["failed", ""]);
    }
    await using stream = await ann.stream({ message: "hello" });
    const all = await stream.rest();
    assertEquals(namesOf(all), ["session", "error"]);
    const retryAfter = "retry-after" in headers ? { retry_after: 7 } : {};
    const { message } = JSON.parse(TOO_LONG).error;
    const error = { ...JSON.parse(TOO_LONG).error, status, ...retryAfter };
    assertEquals(all.at(-1)?.data, { error, detail: message });
  }
});

Deno.test("401 and 407 of the upstream are 502 upstream_unauthorized, a 5xx is 502 upstream_failed", async () => {
  await using talk = await startTalk();
  const { ann, upstream } = talk;
  const cases: [number, string][] = [
    [401, "upstream_unauthorized"],
    [407, "upstream_unauthorized"],
    [500, "upstream_failed"],
    [503, "upstream_failed"],
    [302, "upstream_failed"],
  ];
  for (const [status, code] of cases) {
    upstream.answer = () => new Response("no", { status, headers: { location: "http://127.0.0.1:1/" } });
    const session_id = await ann.session();
    assertError(await ann.call("POST", "/conversation", { message: "a", session_id, stream: false }), 502, code);
    await using stream = await ann.stream({ message: "a", session_id });
    const all = await stream.rest();
    assertEquals(namesOf(all), ["session", "error"]);
    assertEquals(errorOf(all.at(-1)?.data ?? {})["code"], code);
    assertError(await ann.call("POST", "/chat", { message: "a", session_id }), 502, code);
    upstream.answer = say("well");
    await ann.turn({ message: "b", session_id });
  }
});

Deno.test("an answer that is no chat completion is 502", async () => {
  await using talk = await startTalk();
  const { ann, upstream } = talk;
  const answers: (() => Response)[] = [
    () => new Response("<html>", { headers: { "content-type": "text/html" } }),
    () => json("{"),
    () => json("[]"),
    () => json('{"choices":[]}'),
  ];
  for (const answer of answers) {
    upstream.answer = answer;
    const session_id = await ann.session();
    const got = await ann.call("POST", "/conversation", { message: "a", session_id, stream: false });
    assertEquals(got.status, 502, got.text);
    assert(["upstream_failed", "upstream_truncated"].includes(codeOf(got) ?? ""), got.text);
    assertEquals((await ann.history(session_id))[0]?.["content"], "a");
  }
});

/** Runs a streamed turn whose upstream fails after some text, and gives the error body and what is stored. */
async function failing(answer: (seen: Seen) => Response | Promise<Response>, env: Record<string, string> = {}) {
  await using talk = await startTalk(env);
  const { ann, upstream } = talk;
  upstream.answer = answer;
  const session_id = await ann.session();
  await using stream = await ann.stream({ message: "a", session_id });
  assertEquals(stream.response.status, 200);
  const all = await stream.rest();
  assertEquals(namesOf(all), ["session", "chunk", "error"]);
  const id = assertIds(all);
  const [, reply = {}] = await ann.history(session_id);
  assertEquals([reply["message_id"], reply["content"], reply["status"]], [id, "half", "failed"]);
  const whole = await ann.call("POST", "/conversation", { message: "b", session_id, stream: false });
  assert(whole.status >= 500, whole.text);
  upstream.answer = say("well");
  await ann.turn({ message: "c", session_id });
  return { body: all.at(-1)?.data ?? {}, whole, next: messagesOf(upstream.last) };
}

function errorOf(body: Json): Json {
  assertEquals(Object.keys(body).sort(), ["detail", "error"]);
  const error = body["error"] as Json; // one of the two keys above
  assertEquals(Object.keys(error).sort(), ["code", "message", "param", "type"]);
  assertEquals(error["message"], body["detail"]);
  return error;
}

Deno.test("a stream cut in the middle ends with the error event, and the reply is stored as it stands", async () => {
  const { body, whole } = await failing(() => events(chunk("half")));
  assertEquals(errorOf(body)["code"], "upstream_truncated");
  assertError(whole, 502, "upstream_truncated");
});

Deno.test("a connection broken in the middle ends with the error event", async () => {
  const { body } = await failing(() => {
    const feed = new Feed();
    feed.send(chunk("half"));
    setTimeout(() => feed.break(), 50);
    return feed.response;
  });
  assert(["upstream_truncated", "upstream_failed"].includes(str(errorOf(body)["code"])));
});

Deno.test("an error event of the upstream in mid-stream ends with the error event", async () => {
  const { body, whole } = await failing(() =>
    events(chunk("half"), 'data: {"error":{"message":"overloaded","type":"server_error","code":"busy"}}\n\n', DONE)
  );
  errorOf(body);
  assertEquals(whole.status, 502, whole.text);
});

Deno.test("an upstream that falls silent in mid-stream ends with upstream_timeout", async () => {
  const { body, whole } = await failing((seen) => {
    const feed = new Feed();
    feed.send(chunk("half"));
    void left(seen);
    return feed.response;
  }, { LLM_REQUEST_TIMEOUT: "1" });
  assertEquals(errorOf(body)["code"], "upstream_timeout");
  assertError(whole, 504, "upstream_timeout");
});

Deno.test("an upstream that never answers is 504 upstream_timeout", async () => {
  await using talk = await startTalk({ LLM_REQUEST_TIMEOUT: "1" });
  const { ann, upstream } = talk;
  upstream.answer = silence;
  const session_id = await ann.session();
  assertError(
    await ann.call("POST", "/conversation", { message: "a", session_id, stream: false }),
    504,
    "upstream_timeout",
  );
  assertError(await ann.call("POST", "/chat", { message: "a", session_id }), 504, "upstream_timeout");
  await using stream = await ann.stream({ message: "a", session_id });
  assertEquals(errorOf((await stream.rest()).at(-1)?.data ?? {})["code"], "upstream_timeout");
});

Deno.test("an upstream that nobody answers at is 502 upstream_unreachable", async () => {
  const closed = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = closed.addr;
  closed.close();
  await using talk = await startTalk({ LLM_API_URL: `http://127.0.0.1:${port}/v1/chat/completions` });
  const answer = await talk.ann.call("POST", "/conversation", { message: "a", stream: false });
  assertError(answer, 502, "upstream_unreachable");
});

Deno.test("a model that the upstream's list does not have is 404, and nothing is stored", async () => {
  await using talk = await startTalk();
  const { ann, upstream } = talk;
  const session_id = await ann.session();
  for (const stream of [true, false]) {
    const answer = await ann.call("POST", "/conversation", { message: "a", session_id, model: "nope", stream });
    assertError(answer, 404, "model_not_found", "model");
  }
  assertEquals(upstream.calls.length, 0);
  await ann.turn({ message: "b", session_id });
  assertEquals(messagesOf(upstream.last).at(-1), { role: "user", content: "b" });
});

Deno.test("what the upstream says of the credential in an error goes on redacted", async () => {
  await using talk = await startTalk({ API_KEY_ENV_VAR: "MODEL_KEY", MODEL_KEY: "sk-very-secret-value" });
  talk.upstream.answer = () => json('{"error":{"message":"bad key sk-very-secret-value"}}', { status: 400 });
  const answer = await talk.ann.call("POST", "/conversation", { message: "a", stream: false });
  assertEquals([answer.status, answer.text], [400, '{"error":{"message":"bad key [redacted]"}}']);
  const session = (await talk.ann.call("GET", "/conversation/sessions/user/me")).text;
  assert(!session.includes("sk-very"));
});

Deno.test("the finish without an end mark is a clean end or none, but never silent", async () => {
  await using talk = await startTalk();
  talk.upstream.answer = () => events(chunk("half"), FINISH);
  await using stream = await talk.ann.stream({ message: "a" });
  const all = await stream.rest();
  assert(["done", "error"].includes(all.at(-1)?.event ?? ""));
});
