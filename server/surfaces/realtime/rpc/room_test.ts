import { assert, assertEquals } from "@std/assert";
import { LOCAL_USER } from "../../../accounts/mod.ts";
import { FakeModel } from "../../../conversations/turns/fake_model_fixture.ts";
import { stored, USER } from "../../../conversations/turns/turns_fixture.ts";
import { FakeClock, settle } from "../../../effects/fake_clock.ts";
import { openRoom, type Room } from "./room_fixture.ts";
import { RpcRig } from "./rpc_fixture.ts";

/** The real room, with a model that says what the test says. */
async function open() {
  const model = new FakeModel();
  const { upstream, models } = model;
  const bytes = () => Promise.reject(new Error("not asked here"));
  const inference = { ...model.inference, bytes, open: 0, idle: () => Promise.resolve(), endAll() {} };
  const room = await openRoom({ clock: new FakeClock(), resolve: () => ({ upstream, models }), inference });
  const { library } = room.conversations;
  const { id: sessionId } = await library.create(USER, { protocol: "rpc", tools: [{ name: "f" }] });
  return { room, model, sessionId };
}

/** A connection to a session. */
async function connect({ conversations }: Room, sessionId: string): Promise<RpcRig> {
  const opened = await conversations.library.open(USER, sessionId);
  assert(opened !== null);
  return new RpcRig({ conversations, session: opened.session, who: { ...LOCAL_USER, userId: USER } });
}

Deno.test("generate() stores a turn with its tool rounds, and says so when all of it is stored", async () => {
  const { room, model, sessionId } = await open();
  await using _ = room;
  const rig = await connect(room, sessionId);
  assertEquals((await rig.ask("generate", { message: "hi" }))?.result, { session_id: sessionId, task_id: "T1" });
  model.last.say("Looking");
  model.last.ask("c1", "f");
  model.last.finish("tool_calls");
  await settle();
  const results = [{ tool_call_id: "c1", tool_name: "f", result: "sunny" }];
  assertEquals((await rig.ask("tool_result", { task_id: "T1", results }))?.result, { task_id: "T1", accepted: 1 });
  model.last.say("Sun", "ny");
  model.last.finish();
  await settle();
  assertEquals(rig.told("T1"), [
    "text_chunk:Looking",
    "function_call_request:c1",
    "text_chunk:Sun",
    "text_chunk:ny",
    "end:complete:Sunny",
  ]);
  assertEquals(await stored(room.conversations, sessionId), [
    "user complete: hi",
    "assistant complete: Looking",
    "tool complete: sunny",
    "assistant complete: Sunny",
  ]);
});

Deno.test("generate() meets a turn that runs elsewhere in the session as busy, and leaves no trace of history", async () => {
  const { room, model, sessionId } = await open();
  await using _ = room;
  const rig = await connect(room, sessionId);
  const second = await connect(room, sessionId);
  await rig.ask("generate", { message: "hi" });
  assertEquals(await second.refused("generate", { message: "me too" }), -32002);
  assertEquals((await second.ask("generate", { history: [{ role: "user", content: "x" }] }))?.result, {
    session_id: sessionId,
    task_id: "T2",
  });
  model.calls[1]?.say("y");
  model.calls[1]?.finish();
  model.calls[0]?.finish("length");
  await settle();
  assertEquals(second.told("T2"), ["text_chunk:y", "end:complete:y"]);
  assertEquals(rig.told("T1"), ["end:length:"]);
  assertEquals(await stored(room.conversations, sessionId), ["user complete: hi", "assistant complete: "]);
  await rig.ask("generate", { message: "again" });
  assertEquals(rig.answer(2)?.result, { session_id: sessionId, task_id: "T2" }, "the session is free at its end");
  model.last.finish();
  await settle();
});

Deno.test("cancel() and leaving store the reply as it stands", async () => {
  const { room, model, sessionId } = await open();
  await using _ = room;
  const rig = await connect(room, sessionId);
  await rig.ask("generate", { message: "one" });
  model.last.say("Hel");
  await settle();
  await rig.ask("cancel", {});
  assertEquals(rig.told("T1"), ["text_chunk:Hel", "end:stopped:Hel"]);
  await rig.ask("generate", { message: "two" });
  model.last.ask("c1", "f");
  model.last.finish("tool_calls");
  await settle();
  await rig.ask("cancel", {});
  assertEquals(rig.told("T2"), ["function_call_request:c1", "end:stopped:"]);
  await rig.ask("generate", { message: "three" });
  model.last.say("By");
  await settle();
  rig.leave();
  await settle();
  const lines = await stored(room.conversations, sessionId);
  assertEquals(lines.slice(0, 2), ["user complete: one", "assistant stopped: Hel"]);
  assertEquals(lines.slice(-2), ["user complete: three", "assistant stopped: By"]);
});
