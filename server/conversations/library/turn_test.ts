import { assert, assertEquals, assertGreater, assertNotEquals, assertRejects } from "@std/assert";
import { GatehouseError } from "../../errors/mod.ts";
import {
  allMessages,
  begin,
  demandSound,
  exchange,
  libraryTest,
  OTHER,
  type Process,
  SAID,
  texts,
  USER,
} from "./library_fixture.ts";

async function codeOf(work: Promise<unknown>): Promise<string> {
  return (await assertRejects(() => work, GatehouseError)).code;
}

async function running({ library }: Process, sessionId: string) {
  return (await library.open(USER, sessionId))?.running ?? null;
}

libraryTest("begin() makes the session, stores the message, and marks it busy", async (_, one) => {
  const turn = await begin(one, { content: "# Hello *there*\nmore" });
  assertEquals(turn.session.messageCount, 1);
  assertEquals(turn.session.name, null);
  assertEquals(await one.library.open(USER, turn.session.id), {
    session: turn.session,
    lastId: turn.message.id,
    running: { messageId: turn.message.id, replyId: turn.replyId, owner: one.presence.owner },
  });
  assertEquals(await allMessages(one, turn.session), [turn.message]);
  assertGreater(turn.replyId, turn.message.id);
});

libraryTest("finish() stores the reply, names the session and frees it", async (world, one) => {
  const turn = await begin(one, { content: "# Hello *there*\nmore" });
  const { session, message } = await one.library.finish(turn, SAID);
  assertEquals(session.name, "Hello there");
  assertEquals(session.lastModel, "m1");
  assertEquals(session.messageCount, 2);
  assertEquals(message.id, turn.replyId);
  assertEquals(await one.library.message(session, message.id), message);
  assertEquals((await one.library.open(USER, session.id))?.session, session);
  assertEquals(await codeOf(one.library.finish(turn, SAID)), "not_found");
  await demandSound(world, one);
});

libraryTest("finish() leaves a name alone that the user gave meanwhile", async (_, one) => {
  const turn = await begin(one);
  await one.library.change(USER, turn.session.id, { name: "Mine", settings: { temperature: 1 } });
  const { session } = await one.library.finish(turn, SAID);
  assertEquals([session.name, session.settings.temperature], ["Mine", 1]);
});

libraryTest("a second turn in a busy session is refused, in another process too", async (world, one) => {
  const two = await world.process();
  const turn = await begin(one);
  for (const process of [one, two]) assertEquals(await codeOf(begin(process, turn)), "session_busy");
  const { session } = await one.library.finish(turn, SAID);
  assertEquals((await exchange(two, { session })).messageCount, 4);
});

libraryTest("of turns that begin at once, one goes on, though all draw the same ids", async (world, one) => {
  const two = await world.process();
  const session = await exchange(one);
  for (const content of ["short", "l".repeat(700_000)]) {
    // All ids are now the next after the last.
    world.clock.jump(-3_600_000);
    const ends = await Promise.allSettled([one, two, one, two].map((process) => begin(process, { session, content })));
    const [turn, ...more] = ends.flatMap((end) => end.status === "fulfilled" ? [end.value] : []);
    assert(turn && more.length === 0);
    for (const end of ends) if (end.status === "rejected") assertEquals(end.reason.code, "session_busy");
    await one.library.finish(turn, SAID);
  }
  assertEquals((await texts(one, session)).length, 6);
  await demandSound(world, one);
});

libraryTest("a turn's steps, new names and a deletion at once lose nothing", async (world, one) => {
  const two = await world.process();
  for (let round = 0; round < 10; round++) {
    const first = await begin(one);
    const { id } = first.session;
    const rename = (name: string) => two.library.change(USER, id, { settings: { model: name } });
    const toolCalls = [{ id: "a", name: "f", arguments: "{}" }];
    const [asked] = await Promise.all([one.library.said(first, { ...SAID, toolCalls }), rename("a"), rename("b")]);
    const [done] = await Promise.all([one.library.finish(asked.turn, SAID), rename("c"), rename("c")]);
    const opened = await one.library.open(USER, id);
    assertEquals([opened?.session.settings.model, opened?.session.messageCount], ["c", 3]);
    const next = await begin(two, { session: done.session });
    await Promise.allSettled([two.library.finish(next, SAID), one.library.remove(USER, id), begin(one, next)]);
    assertEquals(await one.library.open(USER, id), null);
  }
  await one.library.resume();
  await demandSound(world, one);
});

libraryTest("begin() refuses a base that another turn has left behind, but not for a new name", async (_, one) => {
  const session = await exchange(one);
  const opened = await one.library.open(USER, session.id);
  assert(opened);
  const base = { sessionId: session.id, lastId: opened.lastId, replaceFrom: null };
  const start = { userId: USER, base, session: {}, content: "x", metadata: null, owner: one.presence.owner };
  await one.library.change(USER, session.id, { name: "New" });
  const turn = await one.library.begin(start);
  await one.library.finish(turn, SAID);
  assertEquals(await codeOf(one.library.begin(start)), "session_busy");
  assertEquals(await codeOf(one.library.begin({ ...start, userId: OTHER })), "not_found");
});

libraryTest("said() and answered() store a round of tools in order, and the turn goes on", async (world, one) => {
  const turn = await begin(one);
  const toolCalls = [{ id: "a", name: "f", arguments: "{}" }, { id: "b", name: "g", arguments: "{" }];
  const asked = await one.library.said(turn, { ...SAID, text: "", toolCalls, finishReason: "tool_calls" });
  assertEquals(asked.message.id, turn.replyId);
  const results = [{ toolCallId: "a", content: "1" }, { toolCallId: "b", content: "2" }];
  const given = await one.library.answered(asked.turn, results);
  assertEquals(given.messages.map(({ role, toolCallId, content }) => [role, toolCallId, content]), [
    ["tool", "a", "1"],
    ["tool", "b", "2"],
  ]);
  const { session, message } = await one.library.finish(given.turn, SAID);
  assertEquals(await allMessages(one, session), [turn.message, asked.message, ...given.messages, message]);
  await demandSound(world, one);
});

libraryTest("finish() says nothing again that was stored without anybody hearing of it", async (world, one) => {
  const turn = await begin(one);
  await one.library.said(turn, { ...SAID, text: "I look.", toolCalls: [{ id: "a", name: "f", arguments: "{}" }] });
  const { message } = await one.library.finish(turn, { ...SAID, text: "I look.", status: "failed" });
  assertEquals([message.status, message.bill], ["failed", null]);
  assertEquals(await texts(one, turn.session), ["A question", "I look.", ""]);
  await demandSound(world, one);
});

libraryTest("answered() stores more and longer results than one commit holds", async (world, one) => {
  const turn = await begin(one);
  const results = Array.from({ length: 450 }, (_, i) => ({ toolCallId: `${i}`, content: "x".repeat(i * 100) }));
  const { turn: open, messages } = await one.library.answered(turn, results);
  const { session } = await one.library.finish(open, SAID);
  assertEquals(messages.map(({ content }) => content), results.map(({ content }) => content));
  assertEquals((await allMessages(one, session)).slice(1, -1), [...messages]);
  await demandSound(world, one);
});

libraryTest("ids sort after all earlier ones when the clock jumps", async (world, one) => {
  const two = await world.process();
  let session = await exchange(one);
  for (const jump of [-3_600_000, 7_200_000, -86_400_000, 5]) {
    world.clock.jump(jump);
    session = await exchange(jump > 0 ? one : two, { session, content: `${jump}` });
  }
  const messages = await allMessages(one, session);
  assertEquals(messages.map(({ id }) => id), messages.map(({ id }) => id).toSorted());
  assertEquals(messages.filter(({ role }) => role === "user").map(({ content }) => content), [
    "A question",
    "-3600000",
    "7200000",
    "-86400000",
    "5",
  ]);
});

libraryTest("a turn whose process has died is ended by whoever opens the session", async (world, one) => {
  const two = await world.process();
  const turn = await begin(one);
  const draft = (index: number, text: string) => ({ turn, index, text });
  await one.library.keep([
    draft(0, "Half \ud83d"),
    draft(1, "\ude00 an ans"),
    draft(1, "\ude00 an answ"),
    draft(3, "!"),
  ]);
  assertNotEquals(await running(two, turn.session.id), null);
  await one.die();
  assertEquals(await running(two, turn.session.id), null);
  const [, reply] = await allMessages(two, turn.session);
  assertEquals(reply?.content, "Half 😀 an answ");
  assertEquals([reply?.id, reply?.status, reply?.bill], [turn.replyId, "failed", null]);
  assertEquals((await two.library.open(USER, turn.session.id))?.session.name, "A question");
  assertEquals(await codeOf(one.library.finish(turn, SAID)), "not_found");
  await demandSound(world, two);
});

libraryTest("a dead turn met by many at once is ended once", async (world, one) => {
  const others = [await world.process(), await world.process()];
  const turn = await begin(one);
  await one.library.keep([{ turn, index: 0, text: "y".repeat(900_000) }]);
  await one.die();
  await Promise.all([...others, ...others].flatMap(({ library }) => [
    library.open(USER, turn.session.id),
    library.resume(),
  ]));
  for (const { library } of others) await library.resume();
  const [last] = others;
  assert(last);
  assertEquals((await texts(last, turn.session)).map(({ length }) => length), [10, 900_000]);
  await demandSound(world, last);
});

libraryTest("begin() in a session whose turn has died ends it, and is to be asked again", async (world, one) => {
  const two = await world.process();
  const turn = await begin(one);
  await one.die();
  const base = { sessionId: turn.session.id, lastId: turn.message.id, replaceFrom: null };
  const start = { userId: USER, base, session: {}, content: "x", metadata: null, owner: two.presence.owner };
  assertEquals(await codeOf(two.library.begin(start)), "session_busy");
  assertEquals((await exchange(two, turn)).messageCount, 4);
});

libraryTest("keep() passes over turns that are at an end, and keeps the others", async (world, one) => {
  const turns = await Promise.all(Array.from({ length: 120 }, () => begin(one)));
  const [over] = turns;
  assert(over);
  await one.library.finish(over, SAID);
  await one.library.keep(turns.map((turn) => ({ turn, index: 0, text: "z".repeat(40_000) })));
  assertEquals((await Array.fromAsync(world.store.list(["draft", over.session.id]))).length, 0);
  const two = await world.process();
  await one.die();
  await two.library.resume();
  for (const { session } of turns.slice(1)) assertEquals((await texts(two, session))[1], "z".repeat(40_000));
  await demandSound(world, two);
});

libraryTest("a wish to stop is seen by all while the turn runs, and goes with it", async (world, one) => {
  const two = await world.process();
  const turn = await begin(one);
  const seen = await running(two, turn.session.id);
  assert(seen);
  await two.library.askToStop(turn.session.id, { ...seen, messageId: "another" });
  assertEquals((await one.library.asked()).size, 0);
  await two.library.askToStop(turn.session.id, seen);
  assertEquals([...await one.library.asked()], [[turn.session.id, turn.message.id]]);
  await one.library.finish(turn, SAID);
  await two.library.askToStop(turn.session.id, seen);
  assertEquals((await one.library.asked()).size, 0);
});
