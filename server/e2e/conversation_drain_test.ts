import { assert, assertEquals } from "@std/assert";
import { assertGoesOn, beginByHand, newSession } from "./conversation_by_hand.ts";
import { Conversing, textIn } from "./conversation_client.ts";
import { promptOf, quick } from "./conversation_script.ts";
import { SessionSocket } from "./conversation_socket.ts";
import { ConversationModel } from "./conversation_upstream.ts";
import { Gate, Home } from "./gate.ts";
import { report } from "./report.ts";

const TOOL = { name: "look", description: "Looks", parameters: { type: "object", properties: {} } };
/** Seconds. */
const DRAIN_TIMEOUT = 3;

Deno.test("SIGTERM: what can end ends well, the rest is told so, idle WebSockets close, and nothing is lost", async () => {
  await using model = new ConversationModel();
  await using home = await Home.make();
  const options = { env: { ...model.environment(), DRAIN_TIMEOUT: String(DRAIN_TIMEOUT) }, home };
  await using gate = await Gate.start(options);
  const client = new Conversing(gate.url);

  const streams = {
    ending: await beginByHand(client, model, "ends"),
    endless: await beginByHand(client, model, "endless"),
    leftEnding: await beginByHand(client, model, "left, ends"),
    leftEndless: await beginByHand(client, model, "left, endless"),
  };
  for (const { asked, stream } of Object.values(streams)) {
    asked.say("half");
    await stream.take(1);
  }
  for (const { stream } of [streams.leftEnding, streams.leftEndless]) await stream.cut();
  const wholeId = await newSession(client);
  const whole = client.api.ask("POST", "/conversation", { message: "whole", session_id: wholeId, stream: false });
  (await model.asked("whole")).say("half");

  await using idle = await SessionSocket.open(gate.url, streams.ending.sessionId);
  const texts = { ending: await textTurn(client, model, "text, ends"), endless: await textTurn(client, model, "text") };
  await using idleRpc = await SessionSocket.open(gate.url, (await rpcSession(client)).session_id);
  const tasks = { ending: await rpcTurn(client, model, "tools, end"), endless: await rpcTurn(client, model, "tools") };
  await using sockets = new AsyncDisposableStack();
  for (const { socket } of [...Object.values(texts), ...Object.values(tasks)]) sockets.use(socket);

  gate.child.signal("SIGTERM");
  const stoppedAt = performance.now();
  for (const socket of [idle, idleRpc]) assertEquals((await socket.closed).code, 1001);
  const idleMs = performance.now() - stoppedAt;
  const refused = await client.api.ask("POST", "/conversation", { message: "late" });
  assertEquals([refused.status, (await refused.json()).error.code], [503, "draining"]);

  for (const { asked } of [streams.ending, streams.leftEnding, texts.ending]) {
    asked.say(" and half");
    asked.finish();
  }
  assertGoesOn(await streams.ending.stream.rest(), streams.ending.replyId, 2);
  const done = await texts.ending.socket.until((frame) => frame.done === true, "done");
  assertEquals((await texts.ending.socket.closed).code, 1001);
  const { task_id: ended = "", request_id = "" } = tasks.ending.call;
  const results = [{ tool_call_id: request_id, tool_name: "look", result: "seen" }];
  tasks.ending.socket.send({ jsonrpc: "2.0", id: 2, method: "tool_result", params: { task_id: ended, results } });
  const afterTools = await model.asked("tools, end", 1);
  afterTools.say("well");
  afterTools.finish();
  const end = await tasks.ending.socket.until(({ method }) => method === "end", "the end");
  assertEquals([end.params?.status_message, end.params?.final_text], ["complete", "well"]);
  assertEquals((await tasks.ending.socket.closed).code, 1001);
  const wellMs = performance.now() - stoppedAt;
  assert(wellMs < DRAIN_TIMEOUT * 1000, "all that could end has ended by itself");

  const cut = await streams.endless.stream.rest();
  const last = cut.at(-1);
  assertEquals([last?.id, last?.event, last?.data.error?.code], [`${streams.endless.replyId}:2`, "error", "draining"]);
  const failure = await texts.endless.socket.until(({ error }) => error !== undefined, "an error");
  assertEquals(failure.error?.code, "draining");
  assertEquals((await texts.endless.socket.closed).code, 1001);
  const answer = await whole;
  assertEquals([answer.status, (await answer.json()).error.code], [503, "draining"]);
  const waiting = await tasks.endless.socket.closed;
  for (const { asked } of [streams.endless, streams.leftEndless, texts.endless]) assertEquals(asked.state, "aborted");
  const { code } = await gate.child.exit();
  const tookMs = performance.now() - stoppedAt;
  assertEquals(code, 0, gate.output);
  report(
    `after SIGTERM idle WebSockets were closed in ${idleMs.toFixed(0)} ms, what could end had ended in ` +
      `${wellMs.toFixed(0)} ms, all of it in ${tookMs.toFixed(0)} ms; a task that waits for its tools: ${waiting.code}`,
  );

  await using restarted = await Gate.start(options);
  const after = new Conversing(restarted.url);
  const stands = async (sessionId: string) =>
    (await after.history(sessionId)).map(({ role, content, status }) => `${role} ${status}: ${content}`);
  const expected: readonly (readonly [sessionId: string, prompt: string, ...replies: string[]])[] = [
    [streams.ending.sessionId, "ends", "assistant complete: half and half"],
    [streams.leftEnding.sessionId, "left, ends", "assistant complete: half and half"],
    [texts.ending.sessionId, "text, ends", "assistant complete: half and half"],
    [
      tasks.ending.sessionId,
      "tools, end",
      "assistant complete: let me see",
      "tool complete: seen",
      "assistant complete: well",
    ],
    [streams.endless.sessionId, "endless", "assistant failed: half"],
    [texts.endless.sessionId, "text", "assistant failed: half"],
    [wholeId, "whole", "assistant failed: half"],
    [tasks.endless.sessionId, "tools", "assistant complete: let me see", "assistant stopped: "],
    [streams.leftEndless.sessionId, "left, endless", "assistant failed: half"],
  ];
  for (const [sessionId, prompt, ...replies] of expected) {
    assertEquals(await stands(sessionId), [`user complete: ${prompt}`, ...replies]);
    const again = quick(`again-${sessionId}`);
    assertEquals((await after.whole({ message: promptOf(again), session_id: sessionId })).status, "complete");
  }
  assertEquals((await after.history(streams.ending.sessionId))[1]?.message_id, streams.ending.replyId);
  assertEquals((await after.history(texts.ending.sessionId))[1]?.message_id, done.message_id);
  await using resumed = await after.resume(streams.leftEnding.sessionId, streams.leftEnding.stream.lastId);
  assertEquals(textIn(await resumed.rest()), "half and half");
  assertEquals(model.faults, []);
  await restarted.stop();
});

async function textTurn(client: Conversing, model: ConversationModel, prompt: string) {
  const sessionId = await newSession(client);
  const socket = await SessionSocket.open(client.url, sessionId);
  socket.send(prompt);
  const asked = await model.asked(prompt);
  asked.say("half");
  await socket.until(({ chunk }) => chunk === "half", "a chunk");
  return { sessionId, socket, asked };
}

async function rpcSession({ api }: Conversing): Promise<{ readonly session_id: string }> {
  return await api.json("POST", "/create_session", { tools: [TOOL] }, 201);
}

/** A task that waits for the result of a call. */
async function rpcTurn(client: Conversing, model: ConversationModel, prompt: string) {
  const { session_id: sessionId } = await rpcSession(client);
  const socket = await SessionSocket.open(client.url, sessionId);
  socket.send({ jsonrpc: "2.0", id: 1, method: "generate", params: { message: prompt } });
  const asked = await model.asked(prompt);
  asked.say("let me see");
  asked.finish([{ id: "c1", name: "look", arguments: "{}" }]);
  const { params } = await socket.until(({ method }) => method === "function_call_request", "a call");
  assert(params !== undefined);
  return { sessionId, socket, call: params };
}
