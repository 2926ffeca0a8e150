import { assertEquals } from "@std/assert";
import {
  chunk,
  COMPLETION,
  DONE,
  events,
  FINISH,
  json,
  left,
  MockUpstream,
  silence,
  startGate,
  USAGE,
} from "../../testing/mod.ts";
import type { Gate } from "../../testing/mod.ts";

const COUNTED = { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7, estimated: false };

async function post(gate: Gate, path: string, body: unknown, signal?: AbortSignal): Promise<Response> {
  return await gate.fetch(path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
    ...(signal === undefined ? {} : { signal }),
  });
}

async function newSession(gate: Gate, settings: unknown = {}): Promise<string> {
  const response = await post(gate, "/set-llm", settings);
  const { session_id } = await response.json();
  assertEquals(response.status, 201);
  return session_id;
}

/** What the history of a session says. */
async function history(gate: Gate, sessionId: string): Promise<string[]> {
  const { data } = await (await gate.fetch(`/conversation/session/${sessionId}/history`)).json();
  return data.map(({ role, content, status }: Readonly<Record<string, string>>) => `${role} ${status}: ${content}`);
}

Deno.test("POST /chat goes on with what was said, by the settings of the session", async () => {
  await using upstream = new MockUpstream();
  await using gate = await startGate(upstream);
  upstream.answer = () => events(chunk("Hel"), chunk("lo"), FINISH, USAGE, DONE);
  const session_id = await newSession(gate, {
    temperature: 0.5,
    max_tokens: 9,
    top_p: 0.25,
    system_prompt: "Be brief.",
  });
  const { message_id, ...said } = await (await post(gate, "/chat", { session_id, message: "one" })).json();
  assertEquals(said, { session_id, response: "Hello", usage: COUNTED });
  const changed = await post(gate, "/set-llm", { session_id, temperature: null, model_name: "m1" });
  assertEquals([changed.status, await changed.json()], [200, { session_id }]);
  await (await post(gate, "/chat", { session_id, message: "two" })).body?.cancel();
  const [first, second] = upstream.calls.map(({ text }) => JSON.parse(text));
  assertEquals([first.temperature, first.max_tokens, first.top_p, first.model], [0.5, 9, 0.25, "m1"]);
  assertEquals([second.temperature, second.max_tokens, second.top_p, second.model], [undefined, 9, 0.25, "m1"]);
  assertEquals(second.messages, [
    { role: "system", content: "Be brief." },
    { role: "user", content: "one" },
    { role: "assistant", content: "Hello" },
    { role: "user", content: "two" },
  ]);
  const { data } = await (await gate.fetch(`/conversation/session/${session_id}/history`)).json();
  assertEquals(data[1].message_id, message_id);
  assertEquals(data.length, 4);
});

Deno.test("POST /chat passes a refusal of the upstream on, and the session is free for the next", async () => {
  await using upstream = new MockUpstream();
  await using gate = await startGate(upstream);
  const session_id = await newSession(gate);
  const refusal = '{"error":{"message":"slow down","code":"theirs"}}';
  upstream.answer = () => json(refusal, { status: 429, headers: { "retry-after": "7" } });
  const response = await post(gate, "/chat", { session_id, message: "one" });
  assertEquals([response.status, response.headers.get("retry-after"), await response.text()], [429, "7", refusal]);
  upstream.answer = () => json(COMPLETION);
  assertEquals((await (await post(gate, "/chat", { session_id, message: "two" })).json()).response, "hi");
});

Deno.test("POST /chat ends with its client: the upstream is left, the reply is stored as stopped", async () => {
  await using upstream = new MockUpstream();
  await using gate = await startGate(upstream);
  upstream.answer = silence;
  const session_id = await newSession(gate);
  const leaving = new AbortController();
  const asked = post(gate, "/chat", { session_id, message: "one" }, leaving.signal).catch(() => null);
  await upstream.called(1);
  const busy = await post(gate, "/chat", { session_id, message: "two" });
  assertEquals([busy.status, (await busy.json()).error.code], [409, "session_busy"]);
  leaving.abort();
  await Promise.all([asked, left(upstream.last)]);
  // The turn of the next message begins once the one before is stored.
  upstream.answer = () => json(COMPLETION);
  let next = await post(gate, "/chat", { session_id, message: "three" });
  for (; next.status === 409; next = await post(gate, "/chat", { session_id, message: "three" })) {
    await next.body?.cancel();
  }
  assertEquals((await next.json()).response, "hi");
  assertEquals(await history(gate, session_id), [
    "user complete: one",
    "assistant stopped: ",
    "user complete: three",
    "assistant complete: hi",
  ]);
});
