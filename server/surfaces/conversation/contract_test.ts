import { assert, assertEquals, assertMatch } from "@std/assert";
import {
  chunk,
  DONE,
  events,
  expectError,
  Feed,
  FINISH,
  type Gate,
  json,
  left,
  MockUpstream,
  silence,
  startGate,
  USAGE,
} from "../../testing/mod.ts";
import { type SeenEvent, SseReader } from "./sse_reader_fixture.ts";

const USED = { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7, estimated: false };
const answerOf = (text: string) => () => events(chunk(text), FINISH, USAGE, DONE);

function ask(gate: Gate, line: string, body?: unknown, init: RequestInit = {}): Promise<Response> {
  const [method = "", path = ""] = line.split(" ");
  const headers = new Headers(init.headers);
  if (body !== undefined) headers.set("content-type", "application/json");
  return gate.fetch(`/conversation${path}`, {
    ...init,
    method,
    headers,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

const say = async (gate: Gate, body: unknown, init?: RequestInit) =>
  new SseReader(await ask(gate, "POST ", body, init));

async function historyOf(gate: Gate, id: string) {
  return (await (await ask(gate, `GET /session/${id}/history`)).json()).data;
}

/** The texts of what went upstream. */
function sentTexts(upstream: MockUpstream): unknown {
  return JSON.parse(upstream.last.text).messages.map(({ content }: { readonly content: unknown }) => content);
}

const textOf = (seen: readonly SeenEvent[]) => seen.map(({ data }) => data.content ?? "").join("");

Deno.test("a conversation is begun, goes on, is edited, exported and deleted", async () => {
  await using upstream = new MockUpstream();
  await using gate = await startGate(upstream);
  upstream.answer = answerOf("hello");
  const first = await (await say(gate, { message: "hi", temperature: 0.5, metadata: { tab: 1 } })).rest();
  assertEquals(first.map(({ event }) => event), ["session", "chunk", "done"]);
  const { session_id: id, message_id: messageId } = first[0]?.data;
  const done = first[2]?.data;
  const replyId = done.message_id;
  assertEquals(first.map((event) => event.id), [0, 1, 2].map((n) => `${replyId}:${n}`));
  const ending = { status: "complete", finish_reason: "stop", history_from: null, usage: USED, cost: null };
  assertEquals(done, { session_id: id, message_id: replyId, ...ending });

  const session = await (await ask(gate, `GET /session/${id}`)).json();
  assertEquals(
    [session.thread_id, session.user_id, session.model, session.settings, session.message_count],
    [id, "local", "m1", { temperature: 0.5 }, 2],
  );
  assert(typeof session.name === "string" && session.name.length > 0);

  upstream.answer = answerOf("again");
  const second = await (await ask(gate, "POST ", { message: "more", session_id: id, stream: false })).json();
  assertEquals({ ...second, message_id: "" }, { session_id: id, message_id: "", ...ending, response: "again" });
  assertEquals(sentTexts(upstream), ["hi", "hello", "more"]);
  assertEquals(JSON.parse(upstream.last.text).temperature, 0.5);
  const history = await historyOf(gate, id);
  assertEquals(
    history.map(({ role, content }: Record<string, unknown>) => [role, content]),
    [["user", "hi"], ["assistant", "hello"], ["user", "more"], ["assistant", "again"]],
  );
  assertEquals([history[0].message_id, history[0].metadata, history[1].message_id], [messageId, { tab: 1 }, replyId]);

  upstream.answer = answerOf("other");
  const edited = { message: "less", session_id: id, stream: false, replace_from: history[2].message_id };
  assertEquals((await (await ask(gate, "POST ", edited)).json()).response, "other");
  assertEquals(sentTexts(upstream), ["hi", "hello", "less"]);
  await expectError(
    await ask(gate, "POST ", { message: "x", session_id: id, replace_from: history[2].message_id }),
    404,
    "not_found",
    "replace_from",
  );

  const changed = await (await ask(gate, `PATCH /session/${id}`, { name: "Tea", settings: { temperature: null } }))
    .json();
  assertEquals([changed.name, changed.settings, changed.message_count], ["Tea", {}, 4]);
  const listed = await (await ask(gate, "GET /sessions/user/me?q=tEA")).json();
  assertEquals([listed.data, listed.next_cursor], [[changed], null]);
  assertEquals((await (await ask(gate, "GET /sessions/user/local?q=coffee")).json()).data, []);

  const exported = await (await ask(gate, `GET /session/${id}/export?format=json`)).json();
  assertEquals(exported, { session: changed, messages: await historyOf(gate, id) });
  const document = await ask(gate, `GET /session/${id}/export`);
  assertEquals(document.headers.get("content-disposition"), 'attachment; filename="Tea.md"');
  assertMatch(await document.text(), /^# Tea\n[^]*\n## User · .*\n\nless\n\n## Assistant · .*\n\nother\n$/);

  const gone = await ask(gate, `DELETE /session/${id}`);
  assertEquals([gone.status, await gone.text()], [204, ""]);
  for (const rest of ["", "/history", "/stream", "/export"]) {
    await expectError(await ask(gate, `GET /session/${id}${rest}`), 404, "not_found");
  }
  await expectError(await ask(gate, "POST ", { message: "hi", session_id: id }), 404, "not_found");
});

Deno.test("a stream that was cut goes on over another connection: no gap, no repeat, and the session is busy until then", async () => {
  await using upstream = new MockUpstream();
  await using gate = await startGate(upstream);
  const feed = new Feed();
  upstream.answer = () => feed.response;
  const client = new AbortController();
  const stream = await say(gate, { message: "hi" }, { signal: client.signal });
  feed.send(chunk("one "));
  const session = await stream.next();
  const one = await stream.next();
  const id = session?.data.session_id;
  client.abort();
  await stream.rest().catch(() => {});
  feed.send(chunk("two "));
  await expectError(await ask(gate, "POST ", { message: "more", session_id: id }), 409, "session_busy");

  const headers = { "last-event-id": one?.id ?? "" };
  const resumed = new SseReader(await ask(gate, `GET /session/${id}/stream`, undefined, { headers }));
  const two = await resumed.next();
  assertEquals(two?.data, { content: "two " });
  feed.send(chunk("three") + FINISH + USAGE + DONE);
  feed.close();
  const rest = await resumed.rest();
  const reply = one?.id.split(":")[0];
  assertEquals([two, ...rest].map((event) => event?.id), [2, 3, 4].map((n) => `${reply}:${n}`));
  assertEquals(textOf(rest), "three");
  assertEquals(rest.at(-1)?.data.status, "complete");
  assertEquals((await historyOf(gate, id))[1].content, "one two three");
  const whole = await (new SseReader(
    await ask(gate, `GET /session/${id}/stream`, undefined, {
      headers: { "last-event-id": `${reply}:0` },
    }),
  )).rest();
  assertEquals([textOf(whole), whole.at(-1)?.event], ["one two three", "done"]);
  const none = await ask(gate, `GET /session/${id}/stream`);
  assertEquals([none.status, await none.text()], [204, ""]);
});

Deno.test("another process on the store gives the reply once it is stored, and stops it", async () => {
  await using upstream = new MockUpstream();
  await using gate = await startGate(upstream);
  await using other = await startGate(upstream, { env: { DATA_DIR: `${gate.dir}/data` } });
  for (const ending of ["complete", "stopped"]) {
    const feed = new Feed();
    upstream.answer = () => feed.response;
    const stream = await say(gate, { message: "hi" });
    feed.send(chunk("one "));
    const { session_id: id, message_id } = (await stream.next())?.data;
    const one = await stream.next();
    const reply = one?.id.split(":")[0];
    const headers = { "last-event-id": one?.id ?? "" };
    const resumed = new SseReader(await ask(other, `GET /session/${id}/stream`, undefined, { headers }));
    if (ending === "stopped") {
      assertEquals(await (await ask(other, `POST /session/${id}/stop`)).json(), { stopped: [reply] });
      await feed.left;
    } else {
      feed.send(chunk("two") + FINISH + USAGE + DONE);
      feed.close();
    }
    const events = await resumed.rest();
    const done = events.pop();
    // One that has all of the text already is not given it again.
    assertEquals(
      events,
      ending === "stopped" ? [] : [
        { id: `${reply}:0`, event: "session", data: { session_id: id, message_id } },
        { id: `${reply}:2`, event: "chunk", data: { content: "one two" } },
      ],
    );
    assertEquals([done?.event, done?.data.status], ["done", ending]);
    assertEquals(done, (await stream.rest()).at(-1));
  }
});

Deno.test("stop aborts the upstream, and stores what was said", async () => {
  await using upstream = new MockUpstream();
  await using gate = await startGate(upstream);
  const feed = new Feed();
  upstream.answer = () => feed.response;
  const stream = await say(gate, { message: "hi" });
  feed.send(chunk("half"));
  const id = (await stream.next())?.data.session_id;
  const replyId = (await stream.next())?.id.split(":")[0];
  assertEquals(await (await ask(gate, `POST /session/${id}/stop`)).json(), { stopped: [replyId] });
  await feed.left;
  const done = (await stream.rest()).at(-1);
  assertEquals([done?.event, done?.data.status, done?.data.message_id], ["done", "stopped", replyId]);
  const reply = (await historyOf(gate, id))[1];
  assertEquals([reply.content, reply.status, reply.usage.estimated], ["half", "stopped", true]);
  assertEquals(await (await ask(gate, `POST /session/${id}/stop`)).json(), { stopped: [] });
});

Deno.test("DELETE ends the reply under way", async () => {
  await using upstream = new MockUpstream();
  await using gate = await startGate(upstream);
  const feed = new Feed();
  upstream.answer = () => feed.response;
  const stream = await say(gate, { message: "hi" });
  feed.send(chunk("half"));
  const id = (await stream.next())?.data.session_id;
  assertEquals((await ask(gate, `DELETE /session/${id}`)).status, 204);
  await feed.left;
  await stream.rest();
  await expectError(await ask(gate, `GET /session/${id}`), 404, "not_found");
});

Deno.test("an upstream that refuses or fails is told of as it is, and the session goes on", async () => {
  await using upstream = new MockUpstream();
  await using gate = await startGate(upstream);
  const { session_id: id } = await (await ask(gate, "POST /session", { name: "Tea" })).json();
  const own = { error: { message: "slow down", code: 7 } };
  upstream.answer = () => json(JSON.stringify(own), { status: 429, headers: { "retry-after": "7" } });
  const whole = await ask(gate, "POST ", { message: "hi", session_id: id, stream: false });
  assertEquals([whole.status, whole.headers.get("retry-after"), await whole.json()], [429, "7", own]);
  const [, refused] = await (await say(gate, { message: "hi", session_id: id })).rest();
  const filled = { type: "api_error", param: null, code: "upstream_failed", status: 429, retry_after: 7 };
  const error = { message: "slow down", ...filled };
  assertEquals([refused?.event, refused?.data], ["error", { error, detail: "slow down" }]);
  upstream.answer = () => events(chunk("half"));
  const cut = { message: "hi", session_id: id };
  await expectError(await ask(gate, "POST ", { ...cut, stream: false }), 502, "upstream_truncated");
  const seen = await (await say(gate, cut)).rest();
  assertEquals(seen.map(({ event }) => event), ["session", "chunk", "error"]);
  assertEquals(seen[2]?.data.error.code, "upstream_truncated");
  const replies = (await historyOf(gate, id)).filter(({ role }: { readonly role: string }) => role === "assistant");
  assertEquals(
    replies.map(({ content, status }: Record<string, unknown>) => [content, status]),
    [["", "failed"], ["", "failed"], ["half", "failed"], ["half", "failed"]],
  );
  upstream.answer = answerOf("hello");
  assertEquals((await (await ask(gate, "POST ", { ...cut, stream: false })).json()).response, "hello");
  await expectError(await ask(gate, "POST ", { message: "hi", model: "m9" }), 404, "model_not_found", "model");
});

Deno.test("stream:false: a client that leaves aborts the upstream, and the turn is stored as stopped", async () => {
  await using upstream = new MockUpstream();
  await using gate = await startGate(upstream);
  const { session_id: id } = await (await ask(gate, "POST /session")).json();
  upstream.answer = silence;
  const client = new AbortController();
  const body = { message: "x".repeat(50_000), session_id: id, stream: false };
  const asked = ask(gate, "POST ", body, { signal: client.signal }).catch(() => null);
  await upstream.called(1);
  client.abort();
  assertEquals(await asked, null);
  await left(upstream.last);
  let history = await historyOf(gate, id);
  while (history.length < 2) history = await historyOf(gate, id);
  assertEquals([history[0].content.length, history[1].content, history[1].status], [50_000, "", "stopped"]);
});

Deno.test("what is one user's is nobody else's: neither shown, nor changed, nor stopped", async () => {
  await using upstream = new MockUpstream();
  await using gate = await startGate(upstream);
  const password = "correct horse battery staple";
  const login = async (username: string) => {
    const body = JSON.stringify({ username, password });
    await (await gate.fetch("/users", { method: "POST", headers: { "content-type": "application/json" }, body }))
      .text();
    const form = new URLSearchParams({ username, password });
    const { access_token } = await (await gate.fetch("/token", { method: "POST", body: form })).json();
    return { headers: { authorization: `Bearer ${access_token}` } };
  };
  const ann = await login("ann");
  const bob = await login("bob");
  const feed = new Feed();
  upstream.answer = () => feed.response;
  const stream = await say(gate, { message: "hi" }, ann);
  feed.send(chunk("half"));
  const id = (await stream.next())?.data.session_id;
  const asks: readonly (readonly [string, unknown?])[] = [
    [`GET /session/${id}`],
    [`PATCH /session/${id}`, { name: "mine" }],
    [`DELETE /session/${id}`],
    [`GET /session/${id}/history`],
    [`GET /session/${id}/stream`],
    [`GET /session/${id}/export`],
    [`POST /session/${id}/stop`],
    ["POST ", { message: "hi", session_id: id }],
  ];
  // Open mode's own user, an administrator, is somebody else too.
  for (const who of [bob, {}]) {
    for (const [line, body] of asks) await expectError(await ask(gate, line, body, who), 404, "not_found");
    assertEquals((await (await ask(gate, "GET /sessions/user/me", undefined, who)).json()).data, []);
  }
  feed.send(FINISH + USAGE + DONE);
  feed.close();
  assertEquals((await stream.rest()).at(-1)?.data.status, "complete");
  const mine = (await (await ask(gate, "GET /sessions/user/me", undefined, ann)).json()).data;
  assertEquals(mine.map(({ session_id }: { readonly session_id: string }) => session_id), [id]);
  await expectError(await ask(gate, `GET /sessions/user/${mine[0].user_id}`, undefined, bob), 404, "not_found");
});
