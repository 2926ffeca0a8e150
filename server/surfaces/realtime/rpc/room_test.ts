import { assert, assertEquals } from "@std/assert";
import { LOCAL_USER } from "../../../accounts/mod.ts";
import type { Conversations } from "../../../conversations/mod.ts";
import { createStatelessTasks } from "../../../conversations/rounds/create_stateless.ts";
import { type Process, stored, USER, World } from "../../../conversations/turns/turns_fixture.ts";
import { settle } from "../../../effects/fake_clock.ts";
import { RpcRig } from "./rpc_fixture.ts";

/** A new session. */
async function begin({ library }: Process): Promise<string> {
  const session = await library.create(USER, { protocol: "rpc", tools: [{ name: "f" }] });
  return session.id;
}

/** A connection to a session above the real rooms; its model says what the test says. */
async function connect(
  { library, turns, model: { upstream, models, inference } }: Process,
  sessionId: string,
): Promise<RpcRig> {
  const opened = await library.open(USER, sessionId);
  assert(opened !== null);
  const tasks = createStatelessTasks({ resolve: () => ({ upstream, models }), inference });
  const conversations: Conversations = { library, turns, tasks, close: () => Promise.resolve() };
  return new RpcRig({ conversations, session: opened.session, who: { ...LOCAL_USER, userId: USER } });
}

Deno.test("generate() stores a turn with its tool rounds, and says so when all of it is stored", async () => {
  await using world = await World.open();
  const process = world.start();
  const sessionId = await begin(process);
  const rig = await connect(process, sessionId);
  assertEquals((await rig.ask("generate", { message: "hi" }))?.result, { session_id: sessionId, task_id: "T1" });
  process.model.last.say("Looking");
  process.model.last.ask("c1", "f");
  process.model.last.finish("tool_calls");
  await settle();
  const results = [{ tool_call_id: "c1", tool_name: "f", result: "sunny" }];
  assertEquals((await rig.ask("tool_result", { task_id: "T1", results }))?.result, { task_id: "T1", accepted: 1 });
  process.model.last.say("Sun", "ny");
  process.model.last.finish();
  await settle();
  assertEquals(rig.told("T1"), [
    "text_chunk:Looking",
    "function_call_request:c1",
    "text_chunk:Sun",
    "text_chunk:ny",
    "end:complete:Sunny",
  ]);
  assertEquals(await stored(process, sessionId), [
    "user complete: hi",
    "assistant complete: Looking",
    "tool complete: sunny",
    "assistant complete: Sunny",
  ]);
});

Deno.test("generate() meets a turn that runs elsewhere in the session as busy, and leaves no trace of history", async () => {
  await using world = await World.open();
  const process = world.start();
  const sessionId = await begin(process);
  const rig = await connect(process, sessionId);
  const second = await connect(process, sessionId);
  await rig.ask("generate", { message: "hi" });
  assertEquals(await second.refused("generate", { message: "me too" }), -32002);
  assertEquals((await second.ask("generate", { history: [{ role: "user", content: "x" }] }))?.result, {
    session_id: sessionId,
    task_id: "T2",
  });
  process.model.calls[1]?.say("y");
  process.model.calls[1]?.finish();
  process.model.calls[0]?.finish("length");
  await settle();
  assertEquals(second.told("T2"), ["text_chunk:y", "end:complete:y"]);
  assertEquals(rig.told("T1"), ["end:length:"]);
  assertEquals(await stored(process, sessionId), ["user complete: hi", "assistant complete: "]);
  await rig.ask("generate", { message: "again" });
  assertEquals(rig.answer(2)?.result, { session_id: sessionId, task_id: "T2" }, "the session is free at its end");
  process.model.last.finish();
  await settle();
});

Deno.test("cancel() and leaving store the reply as it stands", async () => {
  await using world = await World.open();
  const process = world.start();
  const sessionId = await begin(process);
  const rig = await connect(process, sessionId);
  await rig.ask("generate", { message: "one" });
  process.model.last.say("Hel");
  await settle();
  await rig.ask("cancel", {});
  assertEquals(rig.told("T1"), ["text_chunk:Hel", "end:stopped:Hel"]);
  await rig.ask("generate", { message: "two" });
  process.model.last.ask("c1", "f");
  process.model.last.finish("tool_calls");
  await settle();
  await rig.ask("cancel", {});
  assertEquals(rig.told("T2"), ["function_call_request:c1", "end:stopped:"]);
  await rig.ask("generate", { message: "three" });
  process.model.last.say("By");
  await settle();
  rig.leave();
  await settle();
  const lines = await stored(process, sessionId);
  assertEquals(lines.slice(0, 2), ["user complete: one", "assistant stopped: Hel"]);
  assertEquals(lines.slice(-2), ["user complete: three", "assistant stopped: By"]);
});
