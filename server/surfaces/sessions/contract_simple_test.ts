import { assert, assertEquals } from "@std/assert";
import {
  assertError,
  assertUlid,
  type Json,
  messagesOf,
  say,
  sent,
  startTalk,
  str,
} from "../conversation/contract_talk_fixture.ts";

const NOWHERE = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
const CHUNKED = "transfer-encoding: chunked\r\n";
const USED = { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7, estimated: false };

Deno.test("POST /set-llm makes a session with the settings, and POST /chat talks in it", async () => {
  await using talk = await startTalk();
  const { ann, upstream } = talk;
  const made = await ann.call("POST", "/set-llm", {
    model_name: "m2",
    temperature: 0.5,
    max_tokens: 100,
    top_p: 0.9,
    system_prompt: "be brief",
  });
  assertEquals([made.status, Object.keys(made.json)], [201, ["session_id"]], made.text);
  assertUlid(made.json["session_id"]);
  const { session_id } = made.json;
  const answer = await ann.call("POST", "/chat", { session_id, message: "hello" });
  assertEquals([answer.status, answer.headers.get("content-type")], [200, "application/json"]);
  const { message_id, ...rest } = answer.json;
  assertUlid(message_id);
  assertEquals(rest, { session_id, response: "Hello there", usage: USED });
  const body = sent(upstream.last);
  assertEquals([body["model"], body["temperature"], body["max_tokens"], body["top_p"]], ["m2", 0.5, 100, 0.9]);
  await ann.call("POST", "/chat", { session_id, message: "again" });
  assertEquals(messagesOf(upstream.last), [
    { role: "system", content: "be brief" },
    { role: "user", content: "hello" },
    { role: "assistant", content: "Hello there" },
    { role: "user", content: "again" },
  ]);
});

Deno.test("POST /set-llm, POST /create_session and POST /conversation/session need no body", async () => {
  await using talk = await startTalk();
  const { house: { gate }, ann } = talk;
  const { host, hostname, port } = new URL(gate.origin);
  for (const path of ["/set-llm", "/create_session", "/conversation/session"]) {
    // With no word of a length, with a length of 0 and a form's type, and with no chunks: so clients send nothing.
    for (const rest of ["", "content-length: 0\r\ncontent-type: application/x-www-form-urlencoded\r\n", CHUNKED]) {
      using connection = await Deno.connect({ hostname, port: Number(port) });
      const end = rest === CHUNKED ? "0\r\n\r\n" : "";
      const head = `POST ${path} HTTP/1.1\r\nhost: ${host}\r\nauthorization: Bearer ${ann.access}\r\n`;
      await connection.write(new TextEncoder().encode(`${head}connection: close\r\n${rest}\r\n${end}`));
      const answer = await new Response(connection.readable).text();
      assert(answer.startsWith("HTTP/1.1 201 "), answer);
    }
  }
});

Deno.test("a whole answer of a turn carries what crosses from the upstream, and nothing else of it", async () => {
  await using talk = await startTalk();
  const { ann, upstream } = talk;
  const session_id = await ann.session();
  const headers = {
    "openai-processing-ms": "5",
    "x-ratelimit-remaining-tokens": "7",
    "set-cookie": "a=b",
    "x-own": "1",
  };
  upstream.answer = (seen) => {
    const { body, headers: own } = say("Hello")(seen);
    return new Response(body, { headers: { ...Object.fromEntries(own), ...headers } });
  };
  for (const [path, more] of [["/chat", {}], ["/conversation", { stream: false }]] as const) {
    const answer = await ann.call("POST", path, { session_id, message: "hello", ...more });
    assertEquals(answer.status, 200, answer.text);
    const names = ["content-type", "cache-control", ...Object.keys(headers)];
    assertEquals(names.map((name) => answer.headers.get(name)), ["application/json", "no-store", "5", "7", null, null]);
  }
});

Deno.test("POST /set-llm with a session changes what it names, and answers the same session", async () => {
  await using talk = await startTalk();
  const { ann, upstream } = talk;
  const { session_id } = (await ann.call("POST", "/set-llm", { model_name: "m2", temperature: 0.5 })).json;
  const set = await ann.call("POST", "/set-llm", { session_id, temperature: 1 });
  assert(set.status === 200 || set.status === 201, set.text);
  assertEquals(set.json, { session_id });
  await ann.call("POST", "/chat", { session_id, message: "x" });
  assertEquals([sent(upstream.last)["model"], sent(upstream.last)["temperature"]], ["m2", 1]);
  assertEquals((await ann.show(str(session_id)))["settings"], { model: "m2", temperature: 1 });
  assertError(await ann.call("POST", "/set-llm", { session_id: NOWHERE }), 404, "not_found");
});

Deno.test("/set-llm, /chat, /create_session and /ws-ticket name the field that is wrong or unknown", async () => {
  await using talk = await startTalk();
  const { ann } = talk;
  const session_id = await ann.session();
  const tool = { name: "t", description: "d", parameters: { type: "object" } };
  const cases: [string, Json, string][] = [
    ["/set-llm", { model_name: 5 }, "model_name"],
    ["/set-llm", { model: "m2" }, "model"],
    ["/set-llm", { temperature: "hot" }, "temperature"],
    ["/set-llm", { temperature: 9 }, "temperature"],
    ["/set-llm", { max_tokens: 0 }, "max_tokens"],
    ["/set-llm", { top_p: 2 }, "top_p"],
    ["/set-llm", { system_prompt: [] }, "system_prompt"],
    ["/set-llm", { session_id: 5 }, "session_id"],
    ["/set-llm", { api_key: "x" }, "api_key"],
    ["/chat", { session_id }, "message"],
    ["/chat", { message: "x" }, "session_id"],
    ["/chat", { session_id, message: "" }, "message"],
    ["/chat", { session_id, message: 5 }, "message"],
    ["/chat", { session_id: null, message: "x" }, "session_id"],
    ["/chat", { session_id, message: "x", stream: true }, "stream"],
    ["/chat", { session_id, message: "x", temperature: 1 }, "temperature"],
    ["/create_session", { tools: {} }, "tools"],
    ["/create_session", { tools: [5] }, "tools.0"],
    ["/create_session", { tools: [{}] }, "tools.0.name"],
    ["/create_session", { tools: [tool, { ...tool, name: "" }] }, "tools.1.name"],
    ["/create_session", { tools: [{ ...tool, name: "two words" }] }, "tools.0.name"],
    ["/create_session", { tools: [{ ...tool, parameters: "x" }] }, "tools.0.parameters"],
    ["/create_session", { tools: [{ type: "function", function: { name: 5 } }] }, "tools.0.function.name"],
    ["/create_session", { model: "m2" }, "model"],
    ["/ws-ticket", {}, "session_id"],
    ["/ws-ticket", { session_id: 5 }, "session_id"],
    ["/ws-ticket", { session_id, ttl: 5 }, "ttl"],
  ];
  for (const [path, body, param] of cases) {
    const answer = await ann.call("POST", path, body);
    const error = (answer.json["error"] ?? {}) as Json; // looked into in the next line
    assertEquals(
      [answer.status, error["code"]],
      [422, "invalid_field"],
      `${path} ${JSON.stringify(body)} ${answer.text}`,
    );
    assert(param.startsWith(str(error["param"]).split(/[.[]/)[0] ?? "?"), `${param}: ${answer.text}`);
  }
  assertEquals(talk.upstream.calls.length, 0);
  assertEquals(((await ann.call("GET", "/conversation/sessions/user/me")).json["data"] as Json[]).length, 1); // a list
});

Deno.test("a session begun in one place goes on in any other", async () => {
  await using talk = await startTalk();
  const { ann, upstream } = talk;
  const simple = str((await ann.call("POST", "/set-llm", {})).json["session_id"]);
  const realtime = str((await ann.call("POST", "/create_session", {})).json["session_id"]);
  const stored = await ann.session();
  for (const session_id of [simple, realtime, stored]) {
    assertEquals((await ann.call("POST", "/chat", { session_id, message: "one" })).status, 200);
    const two = await ann.turn({ message: "two", session_id });
    const history = await ann.history(session_id);
    assertEquals(history.map((one) => one["content"]), ["one", "Hello there", "two", "Hello there"]);
    assertEquals(history.at(-1)?.["message_id"], two["message_id"]);
    assertEquals(messagesOf(upstream.last).length, 3);
  }
  const list = (await ann.call("GET", "/conversation/sessions/user/me")).json["data"] as Json[]; // a list
  assertEquals(new Set(list.map((one) => one["session_id"])), new Set([simple, realtime, stored]));
});

Deno.test("the settings' prompt and temperature hold for /set-llm, which overrides them", async () => {
  await using talk = await startTalk({ LLM_SYSTEM_PROMPT: "default", LLM_TEMPERATURE: "0.25" });
  const { ann, upstream } = talk;
  const { session_id } = (await ann.call("POST", "/set-llm", {})).json;
  await ann.call("POST", "/chat", { session_id, message: "x" });
  assertEquals([messagesOf(upstream.last)[0], sent(upstream.last)["temperature"]], [
    { role: "system", content: "default" },
    0.25,
  ]);
  await ann.call("POST", "/set-llm", { session_id, system_prompt: "own", temperature: 0 });
  await ann.call("POST", "/chat", { session_id, message: "y" });
  assertEquals([messagesOf(upstream.last)[0], sent(upstream.last)["temperature"]], [
    { role: "system", content: "own" },
    0,
  ]);
});

Deno.test("POST /create_session takes both forms of tools", async () => {
  await using talk = await startTalk();
  const { ann } = talk;
  const parameters = { type: "object", properties: { city: { type: "string" } }, required: ["city"] };
  const made = await ann.call("POST", "/create_session", {
    tools: [
      { name: "weather", description: "The weather", parameters },
      { type: "function", function: { name: "time", description: "The time", parameters } },
    ],
  });
  assertEquals([made.status, Object.keys(made.json)], [201, ["session_id"]], made.text);
  assertUlid(made.json["session_id"]);
});

Deno.test("POST /ws-ticket answers a ticket for 30 s", async () => {
  await using talk = await startTalk();
  const { ann } = talk;
  const session_id = await ann.session();
  const [one, two] = [
    await ann.call("POST", "/ws-ticket", { session_id }),
    await ann.call("POST", "/ws-ticket", { session_id }),
  ];
  assertEquals(Object.keys(one.json).sort(), ["expires_in", "ticket"]);
  assertEquals(one.json["expires_in"], 30);
  assert(str(one.json["ticket"]).length >= 20 && one.json["ticket"] !== two.json["ticket"]);
  assert(/no-store/.test(one.headers.get("cache-control") ?? ""));
  assertError(await ann.call("POST", "/ws-ticket", { session_id: NOWHERE }), 404, "not_found");
});

Deno.test("a message of /chat with 5 MB comes through, and an unnamed session is named by it", async () => {
  await using talk = await startTalk({ LLM_CONTEXT_TOKENS: "100000000" });
  const { ann, upstream } = talk;
  upstream.answer = say("ok");
  const { session_id } = (await ann.call("POST", "/set-llm", {})).json;
  const message = `Summarise this: ${"word ".repeat(1_000_000)}`;
  assertEquals((await ann.call("POST", "/chat", { session_id, message })).status, 200);
  assert((messagesOf(upstream.last)[0] as Json)["content"] === message); // sent as an object
  const { name } = await ann.show(str(session_id));
  assert(str(name).startsWith("Summarise this") && str(name).length < 200);
});
