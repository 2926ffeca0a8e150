import { assert, assertEquals, assertMatch } from "@std/assert";
import { assertError, type Json, say, startTalk, str } from "./contract_talk_fixture.ts";

Deno.test("export as json gives the session and every message, as the routes do", async () => {
  await using talk = await startTalk();
  const { ann } = talk;
  const message = [{ type: "text", text: "look" }, {
    type: "image_url",
    image_url: { url: "data:image/png;base64,AAAA" },
  }];
  const { session_id } = await ann.turn({ message: "héllo", metadata: { a: 1 } });
  await ann.turn({ message, session_id });
  const answer = await ann.call("GET", `/conversation/session/${str(session_id)}/export?format=json`);
  assertEquals(answer.status, 200);
  assertMatch(answer.headers.get("content-type") ?? "", /^application\/json/);
  const session = await ann.show(str(session_id));
  const history = await ann.history(str(session_id));
  const found = JSON.stringify(answer.json);
  for (const one of history) assert(found.includes(JSON.stringify(one)), `${JSON.stringify(one)} is not in ${found}`);
  for (const name of ["session_id", "name"]) assert(found.includes(JSON.stringify(session[name])), name);
});

Deno.test("export as md has each message as it was written", async () => {
  await using talk = await startTalk();
  const { ann, upstream } = talk;
  upstream.answer = say("```ts\nlet a = '`';\n```\n# no heading of the page");
  const { session_id } = await ann.turn({ message: "# Title\n\n- <b>one</b>\n| a | b |" });
  const answer = await ann.call("GET", `/conversation/session/${str(session_id)}/export?format=md`);
  assertEquals(answer.status, 200);
  assertMatch(answer.headers.get("content-type") ?? "", /^text\/markdown; ?charset=utf-8$/i);
  for (const text of ["- <b>one</b>", "| a | b |", "let a = '`';", "no heading of the page"]) {
    assert(answer.text.includes(text), answer.text);
  }
  assert(answer.text.indexOf("- <b>one</b>") < answer.text.indexOf("let a"));
});

Deno.test("export of a long conversation has all of it, in order", async () => {
  await using talk = await startTalk();
  const { ann } = talk;
  const session_id = await ann.session({ name: "long" });
  for (let n = 0; n < 55; n++) await ann.turn({ message: `message number ${n}.`, session_id });
  for (const format of ["md", "json"]) {
    const { text } = await ann.call("GET", `/conversation/session/${session_id}/export?format=${format}`);
    const places = Array.from({ length: 55 }, (_, n) => text.indexOf(`message number ${n}.`));
    assertEquals(places, places.toSorted((a, b) => a - b));
    assert((places[0] ?? -1) > 0);
  }
});

Deno.test("export of another format is 422, and an empty session exports", async () => {
  await using talk = await startTalk();
  const session = await talk.ann.session({ name: "empty" });
  const path = `/conversation/session/${session}/export`;
  for (const format of ["pdf", "", "MD", "json,md"]) {
    assertError(await talk.ann.call("GET", `${path}?format=${format}`), 422, "invalid_field", "format");
  }
  for (const format of ["md", "json"]) {
    const answer = await talk.ann.call("GET", `${path}?format=${format}`);
    assertEquals([answer.status, answer.text.includes("empty")], [200, true]);
  }
});

Deno.test("no store keeps a copy of a conversation on its way", async () => {
  await using talk = await startTalk();
  const { ann } = talk;
  const { session_id } = await ann.turn({ message: "hello" });
  const path = `/conversation/session/${str(session_id)}`;
  for (const door of [path, `${path}/history`, `${path}/export?format=md`, `${path}/export?format=json`]) {
    const { headers } = await ann.call("GET", door);
    assertMatch(headers.get("cache-control") ?? "", /no-store/);
    assertEquals(headers.get("x-content-type-options") ?? "nosniff", "nosniff");
  }
  const list: Json = (await ann.call("GET", "/conversation/sessions/user/me")).json;
  assert(!JSON.stringify(list).includes("Hello there"));
});
