import { assertEquals, assertRejects } from "@std/assert";
import { createToolDesk } from "../../../conversations/mod.ts";
import { FakeClock } from "../../../effects/fake_clock.ts";
import { toolCall } from "./rpc_fixture.ts";
import { createRunningTask } from "./running_task.ts";

Deno.test("RunningTask.call() tells nobody of calls that come after the task was cancelled", async () => {
  const clock = new FakeClock();
  const sent: string[] = [];
  const task = createRunningTask({
    id: "T",
    sessionId: "S",
    isStored: true,
    desk: createToolDesk({ clock }),
    socket: { send: (text) => sent.push(text), signal: new AbortController().signal },
  });
  task.cancel();
  await assertRejects(() => task.call([toolCall("c")], task.signal), DOMException);
  assertEquals([sent, task.toolOf("c"), clock.pending], [[], undefined, 0]);
});
