import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { chunk, DONE, events, FINISH, USAGE } from "../../testing/mod.ts";
import {
  assertError,
  assertIds,
  assertSse,
  assertTime,
  assertUlid,
  type Json,
  messagesOf,
  namesOf,
  say,
  sent,
  startTalk,
  str,
  textOf,
} from "./contract_talk_fixture.ts";

const HELLO = { role: "user", content: "hello" };
const THERE = { role: "assistant", content: "Hello there" };
/** The usage and cost that the mock's numbers make: 5 prompt tokens at 2.5 and 2 completion tokens at 10. */
const USED = { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7, estimated: false };
const COST = { micros: 33, currency: "USD" };

Deno.test("POST /conversation streams session, chunks and done, with ids from 0", async () => {
  await using talk = await startTalk();
  const { ann } = talk;
  await using stream = await ann.stream({ message: "hello" });
  assertSse(stream.response);
  const all = await stream.rest();
  assertEquals(namesOf(all), ["session", "chunk", "done"]);
  const reply = assertIds(all);
  assertEquals(textOf(all), "Hello there");
  const [session, done] = [all[0]?.data ?? {}, all.at(-1)?.data ?? {}];
  assertEquals(Object.keys(session).sort(), ["message_id", "session_id"]);
  assertUlid(session["session_id"]);
  assertUlid(session["message_id"]);
  assertNotEquals(session["message_id"], reply);
  for (const one of all) if (one.event === "chunk") assertEquals(Object.keys(one.data), ["content"]);
  assertEquals(done, {
    session_id: session["session_id"],
    message_id: reply,
    status: "complete",
    finish_reason: "stop",
    history_from: null,
    usage: USED,
    cost: COST,
  });
});

Deno.test("stream:false answers the same as one JSON with response", async () => {
  await using talk = await startTalk();
  const { ann } = talk;
  const answer = await ann.call("POST", "/conversation", { message: "hello", stream: false });
  assertEquals([answer.status, answer.headers.get("content-type")], [200, "application/json"]);
  const { session_id, message_id, ...rest } = answer.json;
  assertUlid(session_id);
  assertUlid(message_id);
  assertEquals(rest, {
    status: "complete",
    finish_reason: "stop",
    history_from: null,
    usage: USED,
    cost: COST,
    response: "Hello there",
  });
  const history = await ann.history(str(session_id));
  assertEquals(history.at(-1)?.["message_id"], message_id);
});

Deno.test("the history has both messages with their fields, and the session counts them", async () => {
  await using talk = await startTalk();
  const { ann } = talk;
  const metadata = { client: "test", nested: { list: [1, "two", null] }, "ключ": "💬" };
  const turn = await ann.turn({ message: "hello", metadata });
  const session = str(turn["session_id"]);
  const answer = await ann.call("GET", `/conversation/session/${session}/history`);
  assertEquals([answer.status, answer.json["next_cursor"]], [200, null]);
  const [user = {}, reply = {}, ...more] = await ann.history(session);
  assertEquals(more, []);
  assertEquals([user["role"], user["content"], user["status"], user["metadata"]], [
    "user",
    "hello",
    "complete",
    metadata,
  ]);
  assertEquals([reply["role"], reply["content"], reply["status"]], ["assistant", "Hello there", "complete"]);
  assertEquals([reply["finish_reason"], reply["model"], reply["usage"], reply["cost"]], ["stop", "m1", USED, COST]);
  for (const message of [user, reply]) {
    assertUlid(message["message_id"]);
    assertTime(message["created_at"]);
  }
  assert(str(user["message_id"]) < str(reply["message_id"]));
  assertEquals(reply["message_id"], turn["message_id"]);
  const shown = await ann.show(session);
  assertEquals(shown["message_count"], 2);
  assert(str(shown["updated_at"]) >= str(shown["created_at"]));
});

Deno.test("the upstream sees the history to the letter, and the settings' defaults", async () => {
  await using talk = await startTalk({ LLM_SYSTEM_PROMPT: "You are short.", LLM_TEMPERATURE: "0.25" });
  const { ann, upstream } = talk;
  const { session_id } = await ann.turn({ message: "hello" });
  const system = { role: "system", content: "You are short." };
  assertEquals(messagesOf(upstream.last), [system, HELLO]);
  assertEquals([sent(upstream.last)["model"], sent(upstream.last)["temperature"]], ["m1", 0.25]);
  const second = { role: "user", content: "  and\nagain 🙂 " };
  await ann.turn({ message: second.content, session_id });
  assertEquals(messagesOf(upstream.last), [system, HELLO, THERE, second]);
  await ann.turn({ message: "x", session_id, temperature: 1, system_prompt: "Be long.", model: "m9" });
  const last = sent(upstream.last);
  assertEquals([last["model"], last["temperature"]], ["m9", 1]);
  assertEquals(messagesOf(upstream.last)[0], { role: "system", content: "Be long." });
  assertEquals(messagesOf(upstream.last).length, 6);
});

Deno.test("system prompt and temperature of the settings are never added to /v1", async () => {
  await using talk = await startTalk({ LLM_SYSTEM_PROMPT: "You are short.", LLM_TEMPERATURE: "0.25" });
  const { house, ann, upstream } = talk;
  await house.chat(ann.access);
  assertEquals(messagesOf(upstream.last), [HELLO]);
  assertEquals(sent(upstream.last)["temperature"], undefined);
  const without = await startTalk();
  await using _ = without;
  await without.ann.turn({ message: "hello" });
  assertEquals(messagesOf(without.upstream.last), [HELLO]);
  assertEquals("temperature" in sent(without.upstream.last), false);
});

Deno.test("a session's settings hold for its turns, and a turn's own fields for that turn alone", async () => {
  await using talk = await startTalk({ LLM_SYSTEM_PROMPT: "default", LLM_TEMPERATURE: "0.25" });
  const { ann, upstream } = talk;
  const session_id = await ann.session();
  const settings = { model: "m2", temperature: 0.5, max_tokens: 100, top_p: 0.9, system_prompt: "be brief" };
  await ann.call("PATCH", `/conversation/session/${session_id}`, { settings });
  const expect = (model: string, temperature: number, prompt: string) => {
    const body = sent(upstream.last);
    assertEquals([
      body["model"],
      body["temperature"],
      body["max_tokens"] ?? body["max_completion_tokens"],
      body["top_p"],
    ], [
      model,
      temperature,
      100,
      0.9,
    ]);
    assertEquals(messagesOf(upstream.last)[0], { role: "system", content: prompt });
  };
  await ann.turn({ message: "a", session_id });
  expect("m2", 0.5, "be brief");
  const turn = await ann.turn({ message: "b", session_id, model: "m3", temperature: 0, system_prompt: "once" });
  expect("m3", 0, "once");
  assertEquals((await ann.history(session_id)).at(-1)?.["model"], "m3");
  assertEquals(turn["cost"], null);
  await ann.turn({ message: "c", session_id });
  expect("m2", 0.5, "be brief");
  assertEquals((await ann.show(session_id))["settings"], settings);
});

Deno.test("POST /conversation names the field that is wrong or unknown", async () => {
  await using talk = await startTalk();
  const { ann } = talk;
  const cases: [Json, string][] = [
    [{}, "message"],
    [{ message: null }, "message"],
    [{ message: 5 }, "message"],
    [{ message: {} }, "message"],
    [{ message: "" }, "message"],
    [{ message: [] }, "message"],
    [{ message: "x", model: 5 }, "model"],
    [{ message: "x", model: "" }, "model"],
    [{ message: "x", temperature: "1" }, "temperature"],
    [{ message: "x", temperature: 3 }, "temperature"],
    [{ message: "x", system_prompt: 1 }, "system_prompt"],
    [{ message: "x", stream: "no" }, "stream"],
    [{ message: "x", replace_from: 5 }, "replace_from"],
    [{ message: "x", metadata: "a" }, "metadata"],
    [{ message: "x", metadata: [] }, "metadata"],
    [{ message: "x", metadata: { x: "y".repeat(8192) } }, "metadata"],
    [{ message: "x", max_tokens: 5 }, "max_tokens"],
    [{ message: "x", top_p: 0.5 }, "top_p"],
    [{ message: "x", tools: [] }, "tools"],
    [{ message: "x", user_id: "me" }, "user_id"],
    [{ message: "x", messages: [] }, "messages"],
  ];
  for (const [body, param] of cases) {
    assertError(await ann.call("POST", "/conversation", body), 422, "invalid_field", param);
    assertError(
      await ann.call("POST", "/conversation", { ...body, stream: body["stream"] ?? false }),
      422,
      "invalid_field",
      param,
    );
  }
  assertEquals((await ann.call("GET", "/conversation/sessions/user/me")).json["data"], []);
  assertEquals(talk.upstream.calls.length, 0);
});

Deno.test("metadata may have 8 KiB to the byte", async () => {
  await using talk = await startTalk();
  const metadata = { x: "y".repeat(8192 - '{"x":""}'.length) };
  const { session_id } = await talk.ann.turn({ message: "hello", metadata });
  assertEquals((await talk.ann.history(str(session_id)))[0]?.["metadata"], metadata);
  const wide = { x: "é".repeat(4096) };
  const refused = await talk.ann.call("POST", "/conversation", { message: "x", metadata: wide });
  assertError(refused, 422, "invalid_field", "metadata");
});

Deno.test("content parts go upstream and come back as they are", async () => {
  await using talk = await startTalk();
  const { ann, upstream } = talk;
  const url = `data:image/png;base64,${"iVBORw0KGgo".repeat(20_000)}`;
  const message = [
    { type: "text", text: "what is this?" },
    { type: "image_url", image_url: { url, detail: "low" } },
    { type: "text", text: "🙂" },
  ];
  const { session_id } = await ann.turn({ message });
  assertEquals(messagesOf(upstream.last), [{ role: "user", content: message }]);
  assertEquals((await ann.history(str(session_id)))[0]?.["content"], message);
  await ann.turn({ message: "and?", session_id });
  assertEquals(messagesOf(upstream.last), [
    { role: "user", content: message },
    THERE,
    { role: "user", content: "and?" },
  ]);
  for (
    const parts of [[5], [{}], [{ type: "text" }], [{ type: "text", text: 5 }], [{ type: "image_url" }], [
      "x",
    ]] as unknown[][]
  ) {
    const answer = await ann.call("POST", "/conversation", { message: parts, stream: false });
    assertEquals([answer.status, answer.text.includes('"param":"message')], [422, true], answer.text);
  }
});

Deno.test("a session names itself after its first exchange, without a second call", async () => {
  await using talk = await startTalk();
  const { ann, upstream } = talk;
  const { session_id } = await ann.turn({ message: "How do I bake bread?\nI have flour." });
  const name = str((await ann.show(str(session_id)))["name"]);
  assert(name.length > 0 && name.length <= 120 && !name.includes("\n"), name);
  await ann.turn({ message: "something else entirely", session_id });
  assertEquals((await ann.show(str(session_id)))["name"], name);
  assertEquals(upstream.calls.length, 2);
  const own = await ann.session({ name: "mine" });
  await ann.turn({ message: "hello", session_id: own });
  assertEquals((await ann.show(own))["name"], "mine");
  const image = [{ type: "image_url", image_url: { url: "data:image/png;base64,AAAA" } }];
  const other = await ann.turn({ message: image });
  assert(!str((await ann.show(str(other["session_id"])))["name"] ?? "").includes("base64"));
  const emoji = await ann.turn({ message: "🙂".repeat(500) });
  const shown = str((await ann.show(str(emoji["session_id"])))["name"]);
  assert(shown.isWellFormed() && shown.length <= 300, shown);
});

Deno.test("done comes when the reply is stored and the session is free", async () => {
  await using talk = await startTalk();
  const { ann } = talk;
  const session_id = await ann.session();
  for (let turn = 1; turn <= 10; turn++) {
    await using stream = await ann.stream({ message: `turn ${turn}`, session_id });
    const done = await stream.until("done");
    const history = await ann.history(session_id);
    assertEquals([history.length, history.at(-1)?.["message_id"]], [turn * 2, done.data["message_id"]]);
    assertEquals((await ann.call("GET", `/conversation/session/${session_id}/stream`)).status, 204);
  }
});

Deno.test("cost is null without prices, and usage is estimated where the upstream tells none", async () => {
  await using talk = await startTalk({ PRICES_FILE: "" });
  talk.upstream.answer = () => events(chunk("one two three"), FINISH, DONE);
  const turn = await talk.ann.turn({ message: "hello" });
  const usage = turn["usage"] as Json; // looked into in the next lines
  assertEquals(Object.keys(usage).sort(), ["completion_tokens", "estimated", "prompt_tokens", "total_tokens"]);
  assertEquals([usage["estimated"], turn["cost"]], [true, null]);
  assert(Number(usage["completion_tokens"]) > 0 && Number(usage["prompt_tokens"]) > 0);
});

Deno.test("the finish reason is the upstream's", async () => {
  await using talk = await startTalk();
  for (const reason of ["length", "content_filter"]) {
    talk.upstream.answer = () => events(chunk("cut"), FINISH.replace('"stop"', `"${reason}"`), USAGE, DONE);
    const turn = await talk.ann.turn({ message: "hello" });
    assertEquals([turn["status"], turn["finish_reason"]], ["complete", reason]);
    assertEquals((await talk.ann.history(str(turn["session_id"]))).at(-1)?.["finish_reason"], reason);
  }
});

Deno.test("an empty reply is a reply", async () => {
  await using talk = await startTalk();
  talk.upstream.answer = () => events(FINISH, USAGE, DONE);
  const turn = await talk.ann.turn({ message: "hello" });
  assertEquals([turn["status"], turn["response"]], ["complete", ""]);
  talk.upstream.answer = say("ok");
  await talk.ann.turn({ message: "again", session_id: turn["session_id"] });
});
