import { assert, assertEquals, assertRejects } from "@std/assert";
import { JSONRPCClient, JSONRPCErrorException, JSONRPCServer, JSONRPCServerAndClient } from "json-rpc-2.0";
import { LOCAL_USER } from "../../../accounts/mod.ts";
import { Far } from "../../../conversations/rounds/far_fixture.ts";
import { systemClock } from "../../../effects/mod.ts";
import { serveSockets } from "../../../http/sockets_fixture.ts";
import { silentLogger } from "../../../telemetry/mod.ts";
import { rpcProtocol } from "./mod.ts";
import { openRoom } from "./room_fixture.ts";

type Fields = Readonly<Record<string, unknown>>;

const HISTORY = [{ role: "user", content: "What is the weather?" }];

/** An answer of the upstream's as a stream. */
function stream(...deltas: readonly Fields[]): Response {
  const chunk = (delta: Fields, finish_reason: string | null) =>
    `data: ${JSON.stringify({ id: "c", model: "m1", choices: [{ index: 0, delta, finish_reason }] })}\n\n`;
  const chunks = deltas.map((delta) => chunk(delta, null));
  const body = `${chunks.join("")}${chunk({}, "stop")}data: [DONE]\n\n`;
  return new Response(body, { headers: { "content-type": "text/event-stream" } });
}

/** The protocol over a real socket, the real room and inference behind it, a mock at the far end. */
async function serve(far: Far): Promise<{ readonly url: URL } & AsyncDisposable> {
  await using parts = new AsyncDisposableStack();
  const resolve = () => ({ upstream: far.upstream, models: far.models });
  const { conversations } = parts.use(await openRoom({ clock: systemClock, resolve, inference: far.inference }));
  const tools = [{ name: "weather" }];
  const session = await conversations.library.create(LOCAL_USER.userId, { protocol: "rpc", tools });
  const who = () => Promise.resolve(LOCAL_USER);
  const { url } = parts.use(serveSockets({
    open: (socket) =>
      rpcProtocol({ socket, session, who, headers: [], log: silentLogger }, { conversations, clock: systemClock }),
  }));
  const open = parts.move();
  return { url, [Symbol.asyncDispose]: () => open.disposeAsync() };
}

/** The client of `json-rpc-2.0`, with the notifications that it gets. */
class RpcClient {
  readonly rpc: JSONRPCServerAndClient;
  readonly notes: [string, Fields][] = [];
  readonly #socket: WebSocket;
  readonly #waiting: { readonly isIt: (name: string) => boolean; readonly resolve: () => void }[] = [];

  constructor(socket: WebSocket) {
    this.#socket = socket;
    this.rpc = new JSONRPCServerAndClient(
      new JSONRPCServer(),
      new JSONRPCClient((request) => socket.send(JSON.stringify(request))),
    );
    for (const name of ["text_chunk", "function_call_request", "end", "error"]) {
      this.rpc.addMethod(name, (params: Fields) => {
        this.notes.push([name, params]);
        for (const { isIt, resolve } of this.#waiting) if (isIt(name)) resolve();
      });
    }
    socket.onmessage = ({ data }) => void this.rpc.receiveAndSend(JSON.parse(data), undefined, undefined);
  }

  static open(url: URL): Promise<RpcClient> {
    const socket = new WebSocket(url);
    const client = new RpcClient(socket);
    return new Promise((resolve) => socket.onopen = () => resolve(client));
  }

  /** Resolves when a notification of this name has come. */
  told(name: string): Promise<void> {
    if (this.notes.some(([told]) => told === name)) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ isIt: (told) => told === name, resolve }));
  }

  request(method: string, params: Fields): PromiseLike<Fields> {
    return this.rpc.request(method, params, undefined);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#socket.onclose = resolve);
    this.#socket.close();
    await closed;
  }
}

Deno.test("rpcProtocol() serves a client of json-rpc-2.0: parallel tool calls, a second round, the end", async () => {
  await using far = new Far();
  await using server = await serve(far);
  await using client = await RpcClient.open(server.url);
  const call = (index: number, id: string, args: string) => ({
    tool_calls: [{ index, id, type: "function", function: { name: "weather", arguments: args } }],
  });
  far.mock.answer = () =>
    far.mock.calls.length === 1
      ? stream({ content: "Looking" }, call(0, "c1", '{"city":"Bern"}'), call(1, "c2", "{oops"))
      : stream({ content: "Sun" }, { content: "ny" });

  const { task_id, session_id } = await client.request("generate", { message: "What is the weather?", seed: 7 });
  await client.told("function_call_request");
  const results = [
    { tool_call_id: "c2", tool_name: "weather", is_error: true, error_message: "not JSON" },
    { tool_call_id: "c1", tool_name: "weather", result: { sky: "clear" } },
  ];
  assertEquals(await client.request("tool_result", { task_id, results }), { task_id, accepted: 2 });
  await client.told("end");

  const task = { session_id, task_id };
  const usage = client.notes.at(-1)?.[1].usage;
  assertEquals(client.notes, [
    ["text_chunk", { ...task, chunk: "Looking" }],
    ["function_call_request", { ...task, request_id: "c1", tool_name: "weather", parameters: { city: "Bern" } }],
    ["function_call_request", { ...task, request_id: "c2", tool_name: "weather", parameters: { _raw: "{oops" } }],
    ["text_chunk", { ...task, chunk: "Sun" }],
    ["text_chunk", { ...task, chunk: "ny" }],
    ["end", { ...task, status_message: "complete", final_text: "Sunny", usage }],
  ]);
  const sent = JSON.parse(far.mock.last.text);
  assertEquals([sent.seed, sent.tools.length], [7, 1]);
  assertEquals(sent.messages.slice(-2), [
    { role: "tool", tool_call_id: "c1", content: '{"sky":"clear"}' },
    { role: "tool", tool_call_id: "c2", content: "Error: not JSON" },
  ]);
});

Deno.test("rpcProtocol() tells a client of json-rpc-2.0 what is wrong, by code and data", async () => {
  await using far = new Far();
  await using server = await serve(far);
  await using client = await RpcClient.open(server.url);
  const refused = async (method: string, params: Fields) => {
    const error = await assertRejects(async () => await client.request(method, params), JSONRPCErrorException);
    return [error.code, error.data];
  };
  assertEquals((await refused("no_such", {}))[0], -32601);
  assertEquals(await refused("generate", {}), [-32602, { code: "invalid_field", param: "message" }]);
  assertEquals((await refused("tool_result", { task_id: "x", results: [] }))[0], -32001);
  far.mock.answer = () => Response.json({ error: { message: "too long" } }, { status: 400 });
  const { task_id } = await client.request("generate", { history: HISTORY });
  await client.told("error");
  const [[, told] = ["", {}]] = client.notes;
  assertEquals(told.task_id, task_id);
  assert(typeof told.error === "object" && told.error !== null && "data" in told.error && "code" in told.error);
  assertEquals(told.error.code, -32003);
  assertEquals(told.error.data, { status: 400, body: { error: { message: "too long" } } });
});

Deno.test("rpcProtocol() aborts the upstream when a task is cancelled, and when the client leaves", async () => {
  await using far = new Far();
  await using server = await serve(far);
  far.mock.answer = ({ signal }) => {
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        const first = { id: "c", model: "m1", choices: [{ index: 0, delta: { content: "Hel" } }] };
        controller.enqueue(new TextEncoder().encode(`data: ${JSON.stringify(first)}\n\n`));
        signal.addEventListener("abort", () => controller.close());
      },
    });
    return new Response(body, { headers: { "content-type": "text/event-stream" } });
  };
  const aborted = (signal: AbortSignal) =>
    new Promise<void>((resolve) => signal.aborted ? resolve() : signal.addEventListener("abort", () => resolve()));
  {
    await using client = await RpcClient.open(server.url);
    const { task_id } = await client.request("generate", { history: HISTORY });
    await client.told("text_chunk");
    assertEquals(await client.request("cancel", {}), { cancelled: [task_id] });
    await aborted(far.mock.last.signal);
    await client.told("end");
    const end = client.notes.at(-1)?.[1];
    assertEquals([end?.status_message, end?.final_text], ["stopped", "Hel"]);
    await client.request("generate", { history: HISTORY });
    await far.mock.called(2);
  }
  await aborted(far.mock.last.signal);
  await far.inference.idle();
});
