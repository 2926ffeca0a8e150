import { assertEquals, assertGreaterOrEqual } from "@std/assert";
import { assertGoesOn, beginByHand, replyIn } from "./conversation_by_hand.ts";
import { Conversing, textIn } from "./conversation_client.ts";
import { ConversationModel } from "./conversation_upstream.ts";
import { Gate, Home } from "./gate.ts";
import { report } from "./report.ts";

/** Milliseconds that a reply goes on without a reader. A timer may be early by one. */
const GRACE_MS = 19_999;

Deno.test("a reply that nobody comes back to is stopped after its grace, and one that is read goes on", async () => {
  await using model = new ConversationModel();
  await using home = await Home.make();
  await using gate = await Gate.start({ env: model.environment(), home });
  const client = new Conversing(gate.url);
  const turns = await Promise.all(["left", "read", "left again"].map((name) => beginByHand(client, model, name)));
  const [left, read, leftAgain] = turns;
  if (left === undefined || read === undefined || leftAgain === undefined) throw new TypeError("three were begun");
  for (const { asked, stream } of turns) {
    asked.say("before ");
    await stream.take(1);
  }
  // From here on it is left alone, which the gate learns of a moment later.
  await leftAgain.stream.cut();
  await read.stream.cut();
  await left.stream.cut();
  const cutAt = performance.now();
  left.asked.say("meanwhile ");
  await using reading = await client.resume(read.sessionId, read.stream.lastId);
  // It is left a second time later than the others.
  await using again = await client.resume(leftAgain.sessionId, leftAgain.stream.lastId);
  leftAgain.asked.say("meanwhile ");
  await again.take(1);

  await left.asked.ended;
  const graceMs = left.asked.endedAt - cutAt;
  assertEquals(left.asked.state, "aborted");
  assertGreaterOrEqual(graceMs, GRACE_MS);
  report(`a reply that nobody read was stopped after ${(graceMs / 1000).toFixed(2)} s`);
  const reply = await replyIn(client, left.sessionId);
  assertEquals([reply.message_id, reply.status, reply.content], [left.replyId, "stopped", "before meanwhile "]);
  await using late = await client.resume(left.sessionId, left.stream.lastId);
  assertGoesOn(await late.rest(), left.replyId, 2, "stopped");

  // A new grace begins with each reader that leaves.
  await again.cut();
  assertEquals([read.asked.state, leftAgain.asked.state], ["open", "open"]);
  read.asked.say("after");
  read.asked.finish();
  const events = await reading.rest();
  assertGoesOn(events, read.replyId, 2);
  assertEquals(textIn(events), "after");
  await using last = await client.resume(leftAgain.sessionId, again.lastId);
  leftAgain.asked.finish();
  assertGoesOn(await last.rest(), leftAgain.replyId, 3);
  await gate.stop();
});
