import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { assertGoesOn, beginByHand, newSession, replyIn } from "./conversation_by_hand.ts";
import { Conversing, type ReplyEvent, textIn } from "./conversation_client.ts";
import { promptOf, quick } from "./conversation_script.ts";
import { ConversationModel } from "./conversation_upstream.ts";
import { Gate, Home } from "./gate.ts";
import { report } from "./report.ts";

const WORDS = ["zero ", "one ", "two ", "thrée ", "four 🦔 ", "five"];
const TEXT = WORDS.join("");
/** Stops that are measured. */
const STOPS = 20;

Deno.test("a stream that was cut goes on without a gap or a repeat, wherever that was", async (t) => {
  await using model = new ConversationModel();
  await using home = await Home.make();
  await using gate = await Gate.start({ env: model.environment(), home });
  const client = new Conversing(gate.url);

  await t.step("after any of its events, whatever is said meanwhile", async () => {
    const points: { readonly seen: number; readonly away: number; readonly ends: boolean }[] = [];
    for (let seen = 0; seen <= WORDS.length; seen++) {
      for (let away = 0; away <= WORDS.length - seen; away++) points.push({ seen, away, ends: false });
      points.push({ seen, away: WORDS.length - seen, ends: true });
    }
    await Promise.all(points.map(async ({ seen, away, ends }) => {
      const { stream, asked, sessionId, replyId } = await beginByHand(client, model, `cut-${seen}-${away}-${ends}`);
      asked.say(...WORDS.slice(0, seen));
      const before = await stream.take(seen);
      // More may be on its way when the connection goes.
      asked.say(...WORDS.slice(seen, seen + away));
      await stream.cut();
      assertEquals(asked.state, "open");
      if (ends) {
        asked.finish();
        await replyIn(client, sessionId);
      }
      await using resumed = await client.resume(sessionId, stream.lastId);
      asked.say(...WORDS.slice(seen + away));
      asked.finish();
      const after = await resumed.rest();
      assertGoesOn(after, replyId, 1 + seen);
      assertEquals(textIn(before) + textIn(after), TEXT);
      assertEquals((await replyIn(client, sessionId)).content, TEXT);
      assertEquals((await client.join(sessionId, resumed.lastId)).status, 204, "nothing comes after done");
    }));
    report(`streams were cut and resumed at ${points.length} points`);
  });

  await t.step("before its first event, and after its end", async () => {
    const sessionId = await newSession(client);
    await (await client.stream({ message: "unread", session_id: sessionId })).cut();
    const asked = await model.asked("unread");
    await using resumed = await client.resume(sessionId);
    asked.say(...WORDS);
    const events = await resumed.take(1 + WORDS.length);
    assertEquals(events[0]?.event, "session");
    await resumed.cut();
    asked.finish();
    await replyIn(client, sessionId);
    const [replyId = ""] = resumed.lastId?.split(":") ?? [];
    for (const n of [0, 3, WORDS.length]) {
      await using late = await client.resume(sessionId, `${replyId}:${n}`);
      assertGoesOn(await late.rest(), replyId, n + 1);
    }
    assertEquals((await client.join(sessionId)).status, 204, "nothing runs");
  });

  await t.step("after each event again", async () => {
    const { stream, asked, sessionId, replyId } = await beginByHand(client, model, "often");
    await stream.cut();
    const events: ReplyEvent[] = [];
    let last = stream.lastId;
    for (const word of WORDS) {
      await using resumed = await client.resume(sessionId, last);
      asked.say(word);
      events.push(...await resumed.take(1));
      last = resumed.lastId;
    }
    await using resumed = await client.resume(sessionId, last);
    asked.finish();
    events.push(...await resumed.rest());
    assertGoesOn(events, replyId, 1);
    assertEquals(textIn(events), TEXT);
  });

  await t.step("with several readers at once, of whom some leave and one is late", async () => {
    const { stream, asked, sessionId, replyId } = await beginByHand(client, model, "together");
    asked.say(...WORDS.slice(0, 3));
    const first = await stream.take(3);
    const leaving = await client.resume(sessionId);
    await leaving.take(2);
    const others = await Promise.all([0, 1, 2, 3].map((n) => client.resume(sessionId, `${replyId}:${n}`)));
    const late = await client.resume(sessionId);
    await leaving.cut();
    asked.say(...WORDS.slice(3));
    asked.finish();
    const rests = await Promise.all(others.map((other) => other.rest()));
    const all = [...first, ...await stream.rest()];
    assertGoesOn(all, replyId, 1);
    assertEquals(textIn(all), TEXT);
    for (const [n, rest] of rests.entries()) assertEquals(rest, all.slice(n));
    assertEquals((await late.rest()).slice(1), all);
  });

  await t.step("but not by the id of something else", async () => {
    const one = await beginByHand(client, model, "one");
    const two = await beginByHand(client, model, "two");
    assertEquals((await client.join(one.sessionId, two.stream.lastId)).status, 204);
    const wrong = await client.join(one.sessionId, "half an id");
    assertEquals([wrong.status, (await wrong.json()).error.param], [422, "last-event-id"]);
    for (const { asked, stream } of [one, two]) {
      asked.finish();
      await stream.rest();
    }
  });

  await gate.stop();
});

Deno.test("a stop reaches the model at once, also while nobody reads, and what was said is stored", async (t) => {
  await using model = new ConversationModel();
  await using home = await Home.make();
  await using gate = await Gate.start({ env: model.environment(), home });
  const client = new Conversing(gate.url);
  const took: number[] = [];

  /** Stops, and measures from the request on until the model knows. */
  async function stop(sessionId: string, prompt: string): Promise<readonly string[]> {
    const startedAt = performance.now();
    const stopped = await client.stop(sessionId);
    const asked = await model.asked(prompt);
    await asked.ended;
    assertEquals(asked.state, "aborted");
    took.push(asked.endedAt - startedAt);
    return stopped;
  }

  await t.step("while the stream is cut", async () => {
    for (let n = 0; n < STOPS; n++) {
      const prompt = `stop-${n}`;
      const { stream, asked, sessionId, replyId } = await beginByHand(client, model, prompt);
      // The first ones before the model has said a word.
      const words = WORDS.slice(0, n % (WORDS.length + 1));
      asked.say(...words);
      await stream.take(words.length);
      await stream.cut();
      assertEquals(await stop(sessionId, prompt), [replyId]);
      const { message_id, status, content } = await replyIn(client, sessionId);
      assertEquals([message_id, status, content], [replyId, "stopped", words.join("")]);
      await using resumed = await client.resume(sessionId, stream.lastId);
      assertGoesOn(await resumed.rest(), replyId, 1 + words.length, "stopped");
      const again = quick(`again-${n}`);
      assertEquals((await client.whole({ message: promptOf(again), session_id: sessionId })).status, "complete");
    }
  });

  await t.step("while it is read", async () => {
    const { stream, asked, sessionId, replyId } = await beginByHand(client, model, "read");
    const other = await client.resume(sessionId);
    asked.say("half");
    assertEquals(textIn(await other.take(2)), "half");
    assertEquals(await stop(sessionId, "read"), [replyId]);
    for (const reader of [stream, other]) {
      const { event, data } = (await reader.rest()).at(-1) ?? {};
      assertEquals([event, data?.status], ["done", "stopped"]);
    }
    assertEquals(await client.stop(sessionId), [], "nothing runs any more");
  });

  await t.step("while its whole reply is waited for", async () => {
    const sessionId = await newSession(client);
    const waiting = client.whole({ message: "whole", session_id: sessionId });
    (await model.asked("whole")).say("half");
    const [stopped] = await stop(sessionId, "whole");
    const reply = await waiting;
    assertEquals([reply.message_id, reply.status], [stopped, "stopped"]);
  });

  await t.step("by several at once", async () => {
    const { stream, sessionId, replyId } = await beginByHand(client, model, "several");
    await stream.cut();
    const stopped = await Promise.all([1, 2, 3].map(() => client.stop(sessionId)));
    assertEquals(stopped.flat().every((id) => id === replyId), true);
    assertNotEquals(stopped.flat(), []);
    assertEquals((await model.asked("several")).state, "aborted");
  });

  const sorted = took.toSorted((a, b) => a - b);
  report(
    `${took.length} stops reached the model after ${sorted[took.length >> 1]?.toFixed(1)} ms at the median, ` +
      `${sorted.at(-1)?.toFixed(1)} ms at worst`,
  );
  await gate.stop();
});

Deno.test("whoever waits for a whole reply and leaves stops it at once", async () => {
  await using model = new ConversationModel();
  await using home = await Home.make();
  await using gate = await Gate.start({ env: model.environment(), home });
  const client = new Conversing(gate.url);
  const bodies = {
    "/conversation": { message: "leaves /conversation", session_id: await newSession(client), stream: false },
    "/chat": { message: "leaves /chat", session_id: await newSession(client) },
  };
  for (const [path, body] of Object.entries(bodies)) {
    const leaving = new AbortController();
    const answer = client.api.ask("POST", path, body, leaving.signal).catch(() => null);
    const asked = await model.asked(body.message);
    asked.say("half");
    leaving.abort();
    await asked.ended;
    assertEquals([await answer, asked.state], [null, "aborted"]);
    const reply = await replyIn(client, body.session_id);
    assertEquals(reply.status, "stopped");
    assert("half".startsWith(reply.content));
  }
  await gate.stop();
});
