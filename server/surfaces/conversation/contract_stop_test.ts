import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { chunk, DONE, Feed, FINISH, left, type Seen, silence, USAGE } from "../../testing/mod.ts";
import {
  assertError,
  assertIds,
  assertSse,
  type Events,
  Events as Reader,
  messagesOf,
  namesOf,
  type Person,
  say,
  startTalk,
  str,
  textOf,
} from "./contract_talk_fixture.ts";

/** A turn that has said "one" and waits for the test. */
async function running(talk: Awaited<ReturnType<typeof startTalk>>, fields = {}): Promise<
  { feed: Feed; stream: Events; session: string; reply: string }
> {
  const feed = new Feed();
  talk.upstream.answer = () => feed.response;
  const stream = await talk.ann.stream({ message: "go", ...fields });
  const { data } = await stream.until("session");
  feed.send(chunk("one"));
  const first = await stream.until("chunk");
  return { feed, stream, session: str(data["session_id"]), reply: (first.id ?? "").split(":")[0] ?? "" };
}

const stop = (ann: Person, session: string) => ann.call("POST", `/conversation/session/${session}/stop`);

Deno.test("stop aborts the upstream, ends the stream with done and stores the reply as stopped", async () => {
  await using talk = await startTalk();
  const { ann } = talk;
  const { feed, stream, session, reply } = await running(talk);
  const answer = await stop(ann, session);
  assertEquals([answer.status, answer.json], [200, { stopped: [reply] }]);
  await feed.left;
  const all = await stream.rest();
  assertEquals(namesOf(all), ["done"]);
  assertEquals([all[0]?.data["status"], all[0]?.data["message_id"]], ["stopped", reply]);
  const [, stored = {}] = await ann.history(session);
  assertEquals([stored["message_id"], stored["content"], stored["status"]], [reply, "one", "stopped"]);
  assertNotEquals(stored["usage"], undefined);
  assertEquals((await stop(ann, session)).json, { stopped: [] });
  talk.upstream.answer = say("on");
  await ann.turn({ message: "next", session_id: session });
  assertEquals(messagesOf(talk.upstream.last), [
    { role: "user", content: "go" },
    { role: "assistant", content: "one" },
    { role: "user", content: "next" },
  ]);
});

Deno.test("stop before the first byte aborts the upstream and keeps the user's message", async () => {
  await using talk = await startTalk();
  const { ann, upstream } = talk;
  upstream.answer = silence;
  const session_id = await ann.session();
  const turn = ann.call("POST", "/conversation", { message: "go", session_id, stream: false });
  await upstream.called(1);
  const answer = await stop(ann, session_id);
  assertEquals(answer.status, 200);
  await left(upstream.last);
  const ended = await turn;
  assertEquals([ended.status, ended.json["status"], ended.json["response"]], [200, "stopped", ""], ended.text);
  assertEquals(answer.json, { stopped: [ended.json["message_id"]] });
  assertEquals((await ann.history(session_id))[0]?.["content"], "go");
});

Deno.test("stop of a session where nothing runs stops nothing, and takes an empty body or none", async () => {
  await using talk = await startTalk();
  const session = await talk.ann.session();
  assertEquals([(await stop(talk.ann, session)).status, (await stop(talk.ann, session)).json], [200, { stopped: [] }]);
  const path = `/conversation/session/${session}/stop`;
  assertEquals((await talk.ann.call("POST", path, {})).status, 200);
});

Deno.test("a second turn in a busy session is 409 session_busy, streamed or not, and stores nothing", async () => {
  await using talk = await startTalk();
  const { ann, upstream } = talk;
  const { feed, stream, session } = await running(talk);
  for (const [path, more] of [["/conversation", { stream: false }], ["/conversation", {}], ["/chat", {}]] as const) {
    assertError(await ann.call("POST", path, { message: "me too", session_id: session, ...more }), 409, "session_busy");
  }
  feed.send(FINISH + USAGE + DONE);
  feed.close();
  await stream.rest();
  assertEquals((await ann.history(session)).map((one) => one["content"]), ["go", "one"]);
  assertEquals(upstream.calls.length, 1);
  upstream.answer = say("ok");
  await ann.turn({ message: "now", session_id: session });
});

Deno.test("of ten turns at once in one session one runs, and the others are 409", async () => {
  await using talk = await startTalk();
  const { ann, upstream } = talk;
  const session_id = await ann.session();
  const feed = new Feed();
  upstream.answer = () => feed.response;
  const { promise: refused, resolve } = Promise.withResolvers<void>();
  let answered = 0;
  const turns = Array.from({ length: 10 }, async (_, n) => {
    const { status } = await ann.call("POST", "/conversation", { message: `${n}`, session_id, stream: false });
    if (++answered === 9) resolve();
    return status;
  });
  await refused;
  feed.send(chunk("x") + FINISH + DONE);
  feed.close();
  assertEquals((await Promise.all(turns)).sort(), [200, ...Array(9).fill(409)]);
  assertEquals((await ann.history(session_id)).length, 2);
});

Deno.test("resume gives what came after the last event, without a gap or a repeat, to the end", async () => {
  await using talk = await startTalk();
  const { ann } = talk;
  const { feed, stream, session, reply } = await running(talk);
  feed.send(chunk("two"));
  const last = await stream.until("chunk");
  await stream.leave();
  const response = await ann.resume(session, last.id);
  assertSse(response);
  await using resumed = new Reader(response);
  feed.send(chunk("three") + FINISH + USAGE + DONE);
  feed.close();
  const all = await resumed.rest();
  assertEquals([namesOf(all), textOf(all), assertIds(all, 3)], [["chunk", "done"], "three", reply]);
  assertEquals([all.at(-1)?.data["status"], all.at(-1)?.data["message_id"]], ["complete", reply]);
});

Deno.test("resume without Last-Event-ID begins at 0, while it runs and after its end", async () => {
  await using talk = await startTalk();
  const { ann } = talk;
  const { feed, stream, session, reply } = await running(talk);
  await using second = new Reader(await ann.resume(session, null));
  assertEquals((await second.next())?.event, "session");
  feed.send(chunk("two") + FINISH + USAGE + DONE);
  feed.close();
  const first = await stream.rest();
  const other = await second.rest();
  assertEquals(textOf(other), "onetwo");
  assertEquals(other.at(-1), first.at(-1));
  for (let last = 0; last < 3; last++) {
    const response = await ann.resume(session, `${reply}:${last}`);
    const again = await new Reader(response).rest();
    assertEquals(assertIds(again, last + 1), reply);
    assertEquals(again.at(-1), first.at(-1));
  }
  assertEquals((await ann.resume(session, `${reply}:3`)).status, 204);
});

Deno.test("several readers see the same events", async () => {
  await using talk = await startTalk();
  const { ann } = talk;
  const { feed, stream, session } = await running(talk);
  const readers = await Promise.all(Array.from({ length: 5 }, async () => new Reader(await ann.resume(session, null))));
  feed.send(chunk("two") + FINISH + USAGE + DONE);
  feed.close();
  const all = await Promise.all(readers.map((reader) => reader.rest()));
  await stream.rest();
  for (const one of all) assertEquals(one, all[0]);
  assertEquals([assertIds(all[0] ?? []).length, textOf(all[0] ?? [])], [26, "onetwo"]);
});

Deno.test("a stopped reply is resumed to done, status stopped", async () => {
  await using talk = await startTalk();
  const { ann } = talk;
  const { stream, session, reply } = await running(talk);
  await stop(ann, session);
  await stream.rest();
  const all = await new Reader(await ann.resume(session, `${reply}:1`)).rest();
  assertEquals([namesOf(all), all[0]?.data["status"]], [["done"], "stopped"]);
});

Deno.test("resume with an id that is none, of another reply or from the future does not hang", async () => {
  await using talk = await startTalk();
  const { ann } = talk;
  const { feed, stream, session, reply } = await running(talk);
  feed.send(FINISH + USAGE + DONE);
  feed.close();
  await stream.rest();
  const ids = ["x", "", `${reply}`, `${reply}:-1`, `${reply}:1.5`, `${reply}:99999`, "01ARZ3NDEKTSV4RRFFQ69G5FAV:0"];
  for (const id of ids) {
    const response = await ann.resume(session, id);
    assert([200, 204, 400, 404, 422].includes(response.status), `${id}: ${response.status}`);
    const text = await response.text();
    if (response.status === 200 && text !== "") assert(text.includes("event: done"), `${id}: ${text}`);
  }
});

Deno.test("204 without a body where nothing runs", async () => {
  await using talk = await startTalk();
  const { ann } = talk;
  const fresh = await ann.resume(await ann.session(), null);
  assertEquals([fresh.status, await fresh.text()], [204, ""]);
});

Deno.test("a dropped connection leaves the reply running for 20 s, and then it is stopped as it stands", async () => {
  await using talk = await startTalk();
  const { ann, house } = talk;
  const { feed, stream, session } = await running(talk);
  await stream.leave();
  feed.send(chunk("two"));
  house.clock.skip(10_000);
  await using back = new Reader(await ann.resume(session, null));
  await back.until("chunk");
  assertEquals((await back.until("chunk")).data, { content: "two" });
  house.clock.skip(60_000);
  feed.send(chunk("three"));
  assertEquals((await back.until("chunk")).data, { content: "three" });
  await back.leave();
  await settled(talk.upstream.last, () => house.clock.skip(5000));
  await feed.left;
  const [, reply = {}] = await ann.stored(session, 2);
  assertEquals([reply["content"], reply["status"]], ["onetwothree", "stopped"]);
});

/** Moves time on until the caller has left; the server must see first that the reader has left. */
async function settled(seen: Seen, tick: () => void): Promise<void> {
  for (let n = 0; n < 100 && !seen.signal.aborted; n++) {
    tick();
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

Deno.test("a client of stream:false or /chat that leaves aborts the upstream, and the session is free", async () => {
  await using talk = await startTalk();
  const { ann, house, upstream } = talk;
  for (const [n, [path, more]] of ([["/conversation", { stream: false }], ["/chat", {}]] as const).entries()) {
    upstream.answer = silence;
    const session_id = await ann.session();
    const leaving = new AbortController();
    const asked = house.gate.fetch(path, {
      method: "POST",
      headers: { authorization: `Bearer ${ann.access}`, "content-type": "application/json" },
      body: JSON.stringify({ message: "go", session_id, ...more }),
      signal: leaving.signal,
    }).catch(() => null);
    await upstream.called(n * 2 + 1);
    const started = performance.now();
    leaving.abort();
    await left(upstream.last);
    assert(performance.now() - started < 2000);
    await asked;
    const [user = {}] = await ann.stored(session_id, 2);
    assertEquals(user["content"], "go");
    upstream.answer = say("ok");
    await ann.turn({ message: "next", session_id });
  }
});

Deno.test("a session deleted while its reply runs: the upstream is aborted, the stream ends, and nothing comes back", async () => {
  await using talk = await startTalk();
  const { ann } = talk;
  const { feed, stream, session } = await running(talk);
  assertEquals((await ann.call("DELETE", `/conversation/session/${session}`)).status, 204);
  await feed.left;
  await stream.rest();
  assertError(await ann.call("GET", `/conversation/session/${session}`), 404, "not_found");
  assertError(await ann.call("GET", `/conversation/session/${session}/history`), 404, "not_found");
  assertEquals((await ann.call("GET", "/conversation/sessions/user/me")).json["data"], []);
});

Deno.test("a ping comes between events after 15 s of silence", async () => {
  await using talk = await startTalk();
  const { feed, stream } = await running(talk);
  talk.house.clock.skip(15_001);
  assertEquals((await stream.next())?.comment, ": ping");
  feed.send(FINISH + DONE);
  feed.close();
  assertEquals(namesOf(await stream.rest()), ["done"]);
});
