import { assert, assertEquals } from "@std/assert";
import { Feed } from "../../testing/mod.ts";
import { assertError, chunkOf, type Json, messagesOf, say, script, startTalk, str } from "./contract_talk_fixture.ts";

const user = (content: string) => ({ role: "user", content });
const assistant = (content: string) => ({ role: "assistant", content });

Deno.test("replace_from of a user's message edits it: what was before stays, what came after is gone", async () => {
  await using talk = await startTalk();
  const { ann, upstream } = talk;
  upstream.answer = script(say("one"), say("two"), say("three"), say("edited"));
  const { session_id } = await ann.turn({ message: "a" });
  await ann.turn({ message: "b", session_id });
  await ann.turn({ message: "c", session_id });
  const before = await ann.history(str(session_id));
  await ann.turn({ message: "B", session_id, replace_from: before[2]?.["message_id"] });
  assertEquals(messagesOf(upstream.last), [user("a"), assistant("one"), user("B")]);
  const after = await ann.history(str(session_id));
  assertEquals(after.map((one) => one["content"]), ["a", "one", "B", "edited"]);
  assertEquals(after.slice(0, 2), before.slice(0, 2));
  assertEquals((await ann.show(str(session_id)))["message_count"], 4);
  await ann.turn({ message: "d", session_id });
  assertEquals(messagesOf(upstream.last).length, 5);
});

Deno.test("replace_from of the first message begins anew, in the same session", async () => {
  await using talk = await startTalk();
  const { ann, upstream } = talk;
  const { session_id } = await ann.turn({ message: "a" });
  const [first = {}] = await ann.history(str(session_id));
  const turn = await ann.turn({ message: "A", session_id, replace_from: first["message_id"] });
  assertEquals(turn["session_id"], session_id);
  assertEquals(messagesOf(upstream.last), [user("A")]);
  assertEquals((await ann.history(str(session_id))).length, 2);
});

Deno.test("a failed turn is retried by replace_from with the same text", async () => {
  await using talk = await startTalk();
  const { ann, upstream } = talk;
  upstream.answer = script(() => new Response("no", { status: 500 }), say("well"));
  const session_id = await ann.session();
  const failed = await ann.call("POST", "/conversation", { message: "a", session_id, stream: false });
  assertEquals(failed.status, 502, failed.text);
  const [asked = {}] = await ann.history(session_id);
  assertEquals(asked["content"], "a");
  const turn = await ann.turn({ message: "a", session_id, replace_from: asked["message_id"] });
  assertEquals(turn["response"], "well");
  assertEquals((await ann.history(session_id)).map((one) => one["content"]), ["a", "well"]);
});

Deno.test("replace_from that is no message of this session is refused and changes nothing", async () => {
  await using talk = await startTalk();
  const { ann, upstream } = talk;
  const { session_id } = await ann.turn({ message: "a" });
  const other = await ann.turn({ message: "other" });
  const before = await ann.history(str(session_id));
  for (const replace_from of [other["message_id"], "01ARZ3NDEKTSV4RRFFQ69G5FAV"]) {
    for (const stream of [true, false]) {
      const answer = await ann.call("POST", "/conversation", { message: "x", session_id, replace_from, stream });
      assertError(answer, 404, "not_found", "replace_from");
    }
  }
  const nonsense = await ann.call("POST", "/conversation", { message: "x", session_id, replace_from: "x" });
  assert([404, 422].includes(nonsense.status), nonsense.text);
  const alone = await ann.call("POST", "/conversation", { message: "x", replace_from: before[0]?.["message_id"] });
  assert([404, 422].includes(alone.status), alone.text);
  assertEquals(await ann.history(str(session_id)), before);
  assertEquals(upstream.calls.length, 2);
});

Deno.test("an edit whose turn is refused as busy takes nothing away", async () => {
  await using talk = await startTalk();
  const { ann, upstream } = talk;
  const feed = new Feed();
  upstream.answer = script(say("one"), () => feed.response, say("three"));
  const { session_id } = await ann.turn({ message: "a" });
  await using running = await ann.stream({ message: "b", session_id });
  feed.send(chunkOf("x"));
  await running.until("chunk");
  const [first = {}] = await ann.history(str(session_id));
  const busy = await ann.call("POST", "/conversation", {
    message: "A",
    session_id,
    replace_from: first["message_id"],
    stream: false,
  });
  assertError(busy, 409, "session_busy");
  feed.close();
  await running.rest();
  const contents = (await ann.history(str(session_id))).map((one) => one["content"]);
  assertEquals(contents, ["a", "one", "b", "x"]);
});

Deno.test("after an edit of the only exchange an unnamed session still has a name of what is there", async () => {
  await using talk = await startTalk();
  const { ann } = talk;
  const { session_id } = await ann.turn({ message: "first question" });
  const [first = {}] = await ann.history(str(session_id));
  await ann.turn({ message: "second question", session_id, replace_from: first["message_id"] });
  const { name } = await ann.show(str(session_id));
  assert(typeof name === "string" && name.length > 0);
});

Deno.test("the history pages backwards over edits, each message once", async () => {
  await using talk = await startTalk();
  const { ann, upstream } = talk;
  upstream.answer = say("r");
  const session_id = await ann.session();
  for (let n = 0; n < 6; n++) await ann.turn({ message: `m${n}`, session_id });
  const all = await ann.history(session_id, "?limit=100");
  assertEquals(all.length, 12);
  await ann.turn({ message: "M4", session_id, replace_from: all[8]?.["message_id"] });
  const seen: unknown[] = [];
  let query = "?limit=3";
  for (;;) {
    const page = await ann.call("GET", `/conversation/session/${session_id}/history${query}`);
    const data = page.json["data"] as Json[]; // history() has looked into the shape above
    assert(data.length <= 3);
    seen.unshift(...data.map((one) => one["content"]));
    const next = page.json["next_cursor"];
    if (next === null) break;
    query = `?limit=3&cursor=${encodeURIComponent(str(next))}`;
  }
  assertEquals(seen, ["m0", "r", "m1", "r", "m2", "r", "m3", "r", "M4", "r"]);
  for (const wrong of ["limit=0", "limit=x", "limit=100000"]) {
    const answer = await ann.call("GET", `/conversation/session/${session_id}/history?${wrong}`);
    assertError(answer, 422, "invalid_field", "limit");
  }
  const cursor = await ann.call("GET", `/conversation/session/${session_id}/history?cursor=x`);
  assertError(cursor, 422, "invalid_field", "cursor");
});
