import { assert, assertEquals } from "@std/assert";
import { chunk, DONE, events, FINISH } from "../../testing/mod.ts";
import { type Json, messagesOf, say, sent, startTalk, str, textOf } from "./contract_talk_fixture.ts";

/** Some words that a tokenizer counts as more than one token each. */
const words = (n: number, mark: string) => Array.from({ length: n }, (_, i) => `${mark}${i}`).join(" ");

Deno.test("history is cut to the window, oldest turns first, the prompt and the newest message kept", async () => {
  await using talk = await startTalk({ LLM_CONTEXT_TOKENS: "6000", LLM_SYSTEM_PROMPT: "Be good." });
  const { ann, upstream } = talk;
  upstream.answer = say("fine");
  const session_id = await ann.session();
  const asked: string[] = [];
  let cut: Json | null = null;
  for (let n = 0; n < 12; n++) {
    asked.push(words(200, `w${n}x`));
    const turn = await ann.turn({ message: asked[n], session_id });
    const messages = messagesOf(upstream.last) as Json[]; // each was sent as an object
    assertEquals(messages[0], { role: "system", content: "Be good." });
    assertEquals(messages.at(-1), { role: "user", content: asked[n] });
    // what is sent is the system prompt, then an unbroken tail of whole turns
    const tail = messages.slice(1);
    assertEquals(tail[0]?.["role"], "user");
    const whole = asked.flatMap((text) => [text, "fine"]).slice(0, -1);
    assertEquals(tail.map((one) => one["content"]), whole.slice(-tail.length));
    const history = await ann.history(session_id, "?limit=100");
    const first = history.at(-1 - tail.length)?.["message_id"];
    assertEquals(turn["history_from"], tail.length === whole.length ? null : first);
    assertEquals(history.at(-1)?.["history_from"] ?? null, turn["history_from"]);
    if (turn["history_from"] !== null) cut = turn;
  }
  assert(cut !== null, "nothing was ever cut");
  await using stream = await ann.stream({ message: "more", session_id });
  const done = await stream.until("done");
  assert(typeof done.data["history_from"] === "string");
});

Deno.test("a message beyond the window goes up alone", async () => {
  await using talk = await startTalk({ LLM_CONTEXT_TOKENS: "2000" });
  const { ann, upstream } = talk;
  const { session_id } = await ann.turn({ message: "a" });
  const long = words(5000, "w");
  const answer = await ann.call("POST", "/conversation", { message: long, session_id, stream: false });
  if (answer.status === 200) assertEquals(messagesOf(upstream.last), [{ role: "user", content: long }]);
  else assert(answer.status === 413 || answer.status === 422, answer.text);
});

Deno.test("max_tokens of the session keep room in the window", async () => {
  await using talk = await startTalk({ LLM_CONTEXT_TOKENS: "6000" });
  const { ann, upstream } = talk;
  upstream.answer = say("fine");
  const session_id = await ann.session();
  for (let n = 0; n < 3; n++) await ann.turn({ message: words(200, `w${n}x`), session_id });
  const before = messagesOf(upstream.last).length;
  await ann.call("PATCH", `/conversation/session/${session_id}`, { settings: { max_tokens: 5000 } });
  const turn = await ann.turn({ message: "short", session_id });
  assertEquals(sent(upstream.last)["max_tokens"], 5000);
  assert(messagesOf(upstream.last).length < before + 2);
  assert(typeof turn["history_from"] === "string");
});

const EMOJI = "👩‍👩‍👧‍👦";

Deno.test("messages of any length go up, come back and are stored to the letter", async () => {
  await using talk = await startTalk({ LLM_CONTEXT_TOKENS: "100000000" });
  const { ann, upstream } = talk;
  const edges = [65_535, 65_536, 65_537, 131_071].map((n) => "x".repeat(n - 2) + EMOJI + "y".repeat(70_000));
  const texts = [
    "a",
    " ",
    "\u0000",
    "\n",
    "\u2028",
    "é",
    EMOJI,
    "x".repeat(65_536),
    "🙂".repeat(40_000),
    ...edges,
    `${"ж".repeat(700_000)}!`,
  ];
  for (const text of texts) {
    upstream.answer = () => events(chunk(text), FINISH, DONE);
    const where = `${text.length} from ${JSON.stringify(text.slice(0, 5))}`;
    const turn = await ann.call("POST", "/conversation", { message: text, stream: false });
    if (turn.status === 422 && text.trim() === "") continue;
    assertEquals(turn.status, 200, `${where} ${turn.text.slice(0, 500)}`);
    assert(turn.json["response"] === text, where);
    const [sentUp] = messagesOf(upstream.last);
    assert((sentUp as Json)["content"] === text, where); // each was sent as an object
    const [user, reply] = await ann.history(str(turn.json["session_id"]));
    assert(user?.["content"] === text && reply?.["content"] === text, where);
    await using stream = await ann.stream({ message: "and?", session_id: turn.json["session_id"] });
    assert(textOf(await stream.rest()) === text, where);
    if (text.trim() === "") continue;
    assert((messagesOf(upstream.last)[1] as Json)["content"] === text, where); // the reply, which went up again
  }
});

Deno.test("five megabytes in and out", async () => {
  await using talk = await startTalk({ LLM_CONTEXT_TOKENS: "100000000" });
  const { ann, upstream } = talk;
  const text = "0123456789abcdé ".repeat(327_680).slice(0, 5_000_000);
  const pieces = Array.from({ length: 50 }, (_, n) => chunk(text.slice(n * 100_000, (n + 1) * 100_000)));
  upstream.answer = () => events(...pieces, FINISH, DONE);
  const turn = await ann.turn({ message: text });
  assert(turn["response"] === text);
  const path = `/conversation/session/${str(turn["session_id"])}/history`;
  let query = "";
  const contents: unknown[] = [];
  do {
    const page = await ann.call("GET", path + query);
    contents.push(...(page.json["data"] as Json[]).map((one) => one["content"])); // a list, as other tests hold
    query = page.json["next_cursor"] === null ? "" : `?cursor=${str(page.json["next_cursor"])}`;
  } while (query !== "");
  assert(contents.length === 2 && contents.every((content) => content === text));
  await using stream = await ann.stream({ message: "again", session_id: turn["session_id"] });
  assert(textOf(await stream.rest()) === text);
  assertEquals((await ann.call("DELETE", `/conversation/session/${str(turn["session_id"])}`)).status, 204);
});

Deno.test("an upstream's bytes cut inside a letter make no broken letters", async () => {
  await using talk = await startTalk();
  const whole = new TextEncoder().encode(chunk(`${EMOJI}é🙂`) + FINISH + DONE);
  talk.upstream.answer = () =>
    new Response(ReadableStream.from(Array.from(whole, (byte) => Uint8Array.of(byte))), {
      headers: { "content-type": "text/event-stream" },
    });
  await using stream = await talk.ann.stream({ message: "x" });
  assertEquals(textOf(await stream.rest()), `${EMOJI}é🙂`);
});

Deno.test("the default page of a long history is the latest, oldest first in it, and pages meet", async () => {
  await using talk = await startTalk();
  const { ann, upstream } = talk;
  upstream.answer = say("r");
  const session_id = await ann.session();
  for (let n = 0; n < 60; n++) await ann.turn({ message: `m${n}`, session_id });
  const path = `/conversation/session/${session_id}/history`;
  const page = await ann.call("GET", path);
  const latest = page.json["data"] as Json[]; // a list, as other tests hold
  assertEquals(latest.at(-2)?.["content"], "m59");
  const ids = latest.map((one) => str(one["message_id"]));
  assertEquals(ids, ids.toSorted());
  let cursor = page.json["next_cursor"];
  while (cursor !== null) {
    const next = await ann.call("GET", `${path}?cursor=${encodeURIComponent(str(cursor))}`);
    ids.unshift(...(next.json["data"] as Json[]).map((one) => str(one["message_id"]))); // as above
    cursor = next.json["next_cursor"];
  }
  assertEquals([ids.length, new Set(ids).size, ids], [120, 120, ids.toSorted()]);
  assertEquals((await ann.show(session_id))["message_count"], 120);
});
