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

/** Waits for what the store does on a thread of its own. */
async function until(holds: () => boolean): Promise<void> {
  for (let tries = 0; !holds(); tries++) {
    if (tries === 1_000) throw new Error("this takes for ever");
    await settle();
  }
}

/** Sends a request and waits for its answer. */
async function answered(rig: RpcRig, method: string, params: Readonly<Record<string, unknown>>) {
  const before = rig.answers;
  const answer = await rig.ask(method, params);
  await until(() => rig.answers > before);
  return answer ?? rig.frames.flat().findLast(({ id }) => id !== undefined);
}

Deno.test("generate() stores a turn with its tool rounds, and says so when all of it is stored", async () => {
  const { room, model, sessionId } = await open();
  await using _ = room;
  const rig = await connect(room, sessionId);
  assertEquals((await answered(rig, "generate", { message: "hi" }))?.result, { session_id: sessionId, task_id: "T1" });
  model.last.say("Looking");
  model.last.ask("c1", "f");
  model.last.finish("tool_calls");
  await until(() => rig.told("T1").includes("function_call_request:c1"));
  const results = [{ tool_call_id: "c1", tool_name: "f", result: "sunny" }];
  assertEquals((await answered(rig, "tool_result", { task_id: "T1", results }))?.result, {
    task_id: "T1",
    accepted: 1,
  });
  await until(() => model.calls.length === 2);
  model.last.say("Sun", "ny");
  model.last.finish();
  await until(() => rig.told("T1").some((what) => what.startsWith("end:")));
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
  await answered(rig, "generate", { message: "hi" });
  assertEquals(await second.refused("generate", { message: "me too" }), -32002);
  assertEquals((await second.ask("generate", { history: [{ role: "user", content: "x" }] }))?.result, {
    session_id: sessionId,
    task_id: "T2",
  });
  model.calls[1]?.say("y");
  model.calls[1]?.finish();
  model.calls[0]?.finish("length");
  await until(() => [rig.told("T1"), second.told("T2")].every((told) => told.at(-1)?.startsWith("end:")));
  assertEquals(second.told("T2"), ["text_chunk:y", "end:complete:y"]);
  assertEquals(rig.told("T1"), ["end:length:"]);
  assertEquals(await stored(room.conversations, sessionId), ["user complete: hi", "assistant complete: "]);
  await answered(rig, "generate", { message: "again" });
  assertEquals(rig.answer(2)?.result, { session_id: sessionId, task_id: "T2" }, "the session is free at its end");
  model.last.finish();
  await until(() => rig.told("T2").at(-1)?.startsWith("end:") ?? false);
});

Deno.test("cancel() and leaving store the reply as it stands", async () => {
  const { room, model, sessionId } = await open();
  await using _ = room;
  const rig = await connect(room, sessionId);
  await answered(rig, "generate", { message: "one" });
  model.last.say("Hel");
  await until(() => rig.told("T1").length === 1);
  await answered(rig, "cancel", {});
  await until(() => rig.told("T1").length === 2);
  assertEquals(rig.told("T1"), ["text_chunk:Hel", "end:stopped:Hel"]);
  await answered(rig, "generate", { message: "two" });
  model.last.ask("c1", "f");
  model.last.finish("tool_calls");
  await until(() => rig.told("T2").length === 1);
  await answered(rig, "cancel", {});
  await until(() => rig.told("T2").length === 2);
  assertEquals(rig.told("T2"), ["function_call_request:c1", "end:stopped:"]);
  await answered(rig, "generate", { message: "three" });
  model.last.say("By");
  await until(() => rig.told("T3").length === 1);
  rig.leave();
  let lines: readonly string[] = [];
  for (let tries = 0; tries < 1_000 && !lines.includes("assistant stopped: By"); tries++) {
    await settle();
    lines = await stored(room.conversations, sessionId);
  }
  assertEquals(lines.slice(0, 2), ["user complete: one", "assistant stopped: Hel"]);
  assertEquals(lines.slice(-2), ["user complete: three", "assistant stopped: By"]);
});
