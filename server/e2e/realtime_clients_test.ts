import { assert, assertEquals, assertGreater, assertRejects } from "@std/assert";
import { JSONRPCErrorException } from "json-rpc-2.0";
import type { Api } from "./api.ts";
import { Install } from "./install.ts";
import { addPerson, byHeader, byProtocol, byTicket, rpcSession, textSession } from "./realtime_install.ts";
import { askByLangChain } from "./realtime_langchain.ts";
import { PROMPTS, ScriptedModel } from "./realtime_model.ts";
import { type Fields, RpcClient } from "./realtime_rpc.ts";
import { type Opening, Wire } from "./realtime_wire.ts";

const HELLO = "Hello from a model that is not one.";
/** As many stateless tasks may run at once on one connection. */
const AT_ONCE = 8;

const object = (property: string, type: string) => ({ type: "object", properties: { [property]: { type } } });
/** In both forms that are taken. */
const TOOLS = [
  { name: "get_weather", description: "The weather of a city", parameters: object("city", "string") },
  { type: "function", function: { name: "pack", parameters: object("seen", "array") } },
];

const historyOf = (content: string) => ({ history: [{ role: "user", content }] });

/** A session of text is opened and used by each client in each way that it knows. */
async function speakText(t: Deno.TestContext, api: Api, login: Api): Promise<void> {
  const session = await textSession(api);
  const page = new URL(api.url).origin;
  const ways: readonly [name: string, open: () => Promise<Wire>, protocol: string][] = [
    ["ws, a key in the header", () => Wire.ofNpm(byHeader(api, session)), ""],
    ["ws, a login in the header", () => Wire.ofNpm(byHeader(login, session)), ""],
    ["ws, the subprotocol pair", () => Wire.ofNpm(byProtocol(api, session)), "bearer"],
    [
      "ws, a ticket, from a page of ours",
      async () => await Wire.ofNpm({ ...await byTicket(login, session), origin: page }),
      "",
    ],
    ["Deno's WebSocket, the subprotocol pair", () => Wire.ofPage(byProtocol(login, session)), "bearer"],
    ["Deno's WebSocket, a ticket", async () => await Wire.ofPage(await byTicket(api, session)), ""],
  ];
  for (const [name, open, protocol] of ways) {
    await t.step(name, async () => {
      await using wire = await open();
      assertEquals(wire.protocol, protocol);
      const { text, chunks, last } = await wire.converse(PROMPTS.hello);
      assertEquals([text, last.done], [HELLO, true]);
      assertGreater(chunks, 1);
      assertGreater(last.usage?.total_tokens ?? 0, 0);
      assertGreater(last.message_id?.length ?? 0, 0);
    });
  }
}

async function codeOf(request: Promise<unknown>): Promise<number> {
  return (await assertRejects(() => request, JSONRPCErrorException)).code;
}

/** Everything that the protocol can do, on one connection. */
async function speakRpc(t: Deno.TestContext, opening: Opening, open: typeof Wire.ofNpm): Promise<void> {
  await using client = new RpcClient(await open(opening));

  await t.step("generate streams, stored and stateless", async () => {
    for (const params of [{ message: PROMPTS.hello }, historyOf(PROMPTS.hello)]) {
      const task = await client.generate(params);
      const { status_message, final_text, usage } = await client.ended(task);
      assertEquals([status_message, final_text], ["complete", HELLO]);
      assertGreater(usage?.total_tokens ?? 0, 0);
      assertGreater(client.chunks(task).length, 1);
      assertEquals(client.chunks(task).join(""), HELLO);
    }
  });

  await t.step("parallel calls, a tool that fails, several rounds", async () => {
    const task = await client.generate({ message: PROMPTS.trip });
    const asked = await client.calls(task, 2);
    assertEquals(asked.map(({ tool_name, parameters }) => [tool_name, parameters.city]), [
      ["get_weather", "Paris"],
      ["get_weather", "Bern"],
    ]);
    const [paris, bern] = asked.map(({ request_id, tool_name }) => ({ tool_call_id: request_id, tool_name }));
    const give = (...results: readonly Fields[]) => client.request("tool_result", { task_id: task, results });
    // One by one, and not in their order.
    assertEquals(await give({ ...bern, is_error: true, error_message: "no such city" }), {
      task_id: task,
      accepted: 1,
    });
    assertEquals(await give({ ...paris, result: { sky: "clear" } }), { task_id: task, accepted: 1 });
    const [, , pack] = await client.calls(task, 3);
    const seen = ['{"sky":"clear"}', "Error: no such city"];
    assertEquals([pack?.tool_name, pack?.parameters], ["pack", { seen }]);
    assertEquals(await give({ tool_call_id: pack?.request_id, tool_name: "pack", result: "packed" }), {
      task_id: task,
      accepted: 1,
    });
    const { status_message, final_text } = await client.ended(task);
    assertEquals([status_message, final_text], ["complete", `Results: ${[...seen, "packed"].join("; ")}`]);
    assertEquals(client.chunks(task).join(""), `Let me look. ${final_text}`);
  });

  await t.step("cancel", async () => {
    for (const isNamed of [true, false]) {
      const task = await client.generate({ message: PROMPTS.long });
      await client.begun(task);
      assertEquals(await codeOf(client.generate({ message: PROMPTS.hello })), -32002);
      assertEquals(await client.request("cancel", isNamed ? { task_id: task } : {}), { cancelled: [task] });
      const { status_message, final_text } = await client.ended(task);
      assertEquals([status_message, final_text], ["stopped", client.chunks(task).join("")]);
      assertEquals(await codeOf(client.request("cancel", { task_id: task })), -32001);
    }
  });

  await t.step("batch", async () => {
    const answers = await client.rpc.requestAdvanced([
      { jsonrpc: "2.0", id: "a", method: "generate", params: historyOf(PROMPTS.hello) },
      { jsonrpc: "2.0", id: 7, method: "no_such", params: {} },
      { jsonrpc: "2.0", method: "cancel", params: { task_id: "none" } },
      { jsonrpc: "2.0", id: "c", method: "generate", params: {} },
    ]);
    assertEquals(answers.map(({ id, error }) => [id, error?.code]), [["a", undefined], [7, -32601], ["c", -32602]]);
    const task: string = answers[0]?.result.task_id;
    assertEquals((await client.ended(task)).final_text, HELLO);
  });
}

/** Eight tasks run on one connection while others are served, and a ninth is refused. */
async function runEight(api: Api, opening: Opening, model: ScriptedModel): Promise<void> {
  await using client = new RpcClient(await Wire.ofNpm(opening));
  const prompts = Array.from({ length: AT_ONCE }, (_, n) => `${PROMPTS.wait} ${n}`);
  const tasks = await Promise.all(prompts.map((prompt) => client.generate(historyOf(prompt))));
  await model.waiting(AT_ONCE);
  assertEquals(await codeOf(client.generate(historyOf(PROMPTS.hello))), -32002);
  // A turn of the session has a place of its own.
  assertEquals((await client.ended(await client.generate({ message: PROMPTS.hello }))).final_text, HELLO);
  await askByLangChain(api);
  await model.release();
  const ends = await Promise.all(tasks.map((task) => client.ended(task)));
  assertEquals(ends.map(({ final_text }) => final_text), prompts.map((prompt) => `I have waited: ${prompt}`));
  for (const [n, task] of tasks.entries()) assertEquals(client.chunks(task).join(""), ends[n]?.final_text);
  assertEquals((await client.ended(await client.generate(historyOf(PROMPTS.hello)))).final_text, HELLO);
}

/** A message of the history, as far as it is looked at. */
interface Shown {
  readonly role: string;
  readonly content: string;
  readonly status: string;
  readonly tool_calls?: readonly unknown[];
  readonly tool_call_id?: string;
}

async function history(api: Api, session: string): Promise<readonly Shown[]> {
  return (await api.json<{ data: Shown[] }>("GET", `/conversation/session/${session}/history?limit=100`)).data;
}

/** One conversation, over all surfaces: each knows what was said on the others. */
async function wander(api: Api): Promise<void> {
  const session = await rpcSession(api, TOOLS);
  const said: string[] = [];
  const say = (text: string): string => `You have said: ${(said.push(text), said.join(" | "))}`;
  {
    await using client = new RpcClient(await Wire.ofNpm(byHeader(api, session)));
    const expected = say("one, by JSON-RPC");
    assertEquals((await client.ended(await client.generate({ message: "one, by JSON-RPC" }))).final_text, expected);
  }
  const post = async (path: string, message: string, more: Fields = {}) => {
    const expected = say(message);
    const { response } = await api.json<{ response: string }>("POST", path, { session_id: session, message, ...more });
    assertEquals(response, expected);
  };
  await post("/conversation", "two, by POST /conversation", { stream: false });
  await post("/chat", "three, by POST /chat");
  {
    await using client = new RpcClient(await Wire.ofPage(byProtocol(api, session)));
    const expected = say("four, by JSON-RPC");
    assertEquals((await client.ended(await client.generate({ message: "four, by JSON-RPC" }))).final_text, expected);
    await client.ended(await client.generate(historyOf("never, for this is not stored")));
    await weatherIsKept(api, client, session);
    said.push(PROMPTS.weather);
    await post("/chat", "five, after a call");
  }
  const shown = await history(api, session);
  assertEquals(shown.filter(({ role }) => role === "user").map(({ content }) => content), said);
  assert(shown.every(({ status }) => status === "complete"));
}

/** What a turn calls is kept with it. */
async function weatherIsKept(api: Api, client: RpcClient, session: string): Promise<void> {
  const task = await client.generate({ message: PROMPTS.weather });
  const [call] = await client.calls(task, 1);
  const results = [{ tool_call_id: call?.request_id, tool_name: "get_weather", result: "snow" }];
  await client.request("tool_result", { task_id: task, results });
  await client.ended(task);
  const last = (await history(api, session)).slice(-4);
  assertEquals(last.map(({ role, content, tool_calls = [] }) => [role, content, tool_calls.length]), [
    ["user", PROMPTS.weather, 0],
    ["assistant", "", 1],
    ["tool", "snow", 0],
    ["assistant", "Result: snow", 0],
  ]);
  assertEquals(last[2]?.tool_call_id, call?.request_id);
}

/** The same for a session of text, which goes from its WebSocket to the other surfaces and back. */
async function wanderByText(api: Api): Promise<void> {
  const session = await textSession(api);
  const turns = ["one, by WebSocket", "two, by POST /conversation", "three, by WebSocket", "four, by POST /chat"];
  const expected = turns.map((_, n) => `You have said: ${turns.slice(0, n + 1).join(" | ")}`);
  const [one = "", two = "", three = "", four = ""] = turns;
  await using wire = await Wire.ofNpm(byHeader(api, session));
  const replies = [
    (await wire.converse(one)).text,
    (await api.json<{ response: string }>("POST", "/conversation", {
      session_id: session,
      message: two,
      stream: false,
    }))
      .response,
    (await wire.converse(three)).text,
    (await api.json<{ response: string }>("POST", "/chat", { session_id: session, message: four })).response,
  ];
  assertEquals(replies, expected);
  const shown = await history(api, session);
  assertEquals(shown.map(({ content }) => content), turns.flatMap((turn, n) => [turn, expected[n]]));
}

Deno.test("public clients of WebSockets, JSON-RPC and /v1 share one gate, and one history", async (t) => {
  await using model = await ScriptedModel.start();
  await using install = await Install.make(model.environment());
  await using gates = await install.start(1);
  const gate = gates.at(0);
  const { api, login } = await addPerson(gate, await install.admin(gate), "ada");
  await speakText(t, api, login);
  for (const [name, open] of [["ws", Wire.ofNpm], ["Deno's WebSocket", Wire.ofPage]] as const) {
    await t.step(`json-rpc-2.0 over ${name}`, async (t) => {
      await speakRpc(t, await byTicket(api, await rpcSession(api, TOOLS)), open);
    });
  }
  await t.step(
    "eight tasks at once, a ninth, and LangChain beside them",
    async () => await runEight(api, byHeader(api, await rpcSession(api)), model),
  );
  await t.step("a conversation goes from JSON-RPC over every surface and back", () => wander(api));
  await t.step("a conversation goes from a text WebSocket to other surfaces and back", () => wanderByText(api));
  await gates.stop();
});

Deno.test("the demo serves WebSockets to whoever may pass in open mode, without any credential", async () => {
  await using install = await Install.make({ DEMO: "1", AUTH: "auto" });
  await using gates = await install.start(1);
  const { url } = gates.at(0);
  const ask = async (path: string) => {
    const response = await fetch(`${url}${path}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: "{}",
    });
    const { session_id } = await response.json();
    return { url, path: `/ws/${session_id}` };
  };
  await using wire = await Wire.ofPage(await ask("/set-llm"));
  assertEquals((await wire.converse("Count to 5")).text, "1\n2\n3\n4\n5");
  await using client = new RpcClient(await Wire.ofNpm(await ask("/create_session")));
  const { final_text } = await client.ended(await client.generate({ message: "Count to 5" }));
  assertEquals(final_text, "1\n2\n3\n4\n5");
  await gates.stop();
});
