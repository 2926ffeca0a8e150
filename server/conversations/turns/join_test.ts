import { assert, assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { settle } from "../../effects/fake_clock.ts";
import { GatehouseError } from "../../errors/mod.ts";
import type { Turn, TurnEvent, Turns } from "./turns.ts";
import { never, readAll, request, told, USER, World } from "./turns_fixture.ts";

async function liveTurn(turns: Turns, sessionId: string, replyId: string, n: number): Promise<Turn> {
  const joined = await turns.join(USER, sessionId, { replyId, n });
  assert(joined.kind === "live", joined.kind);
  return joined.turn;
}

Deno.test("join() gives the turn that runs, and the one that ended here, until two minutes later", async () => {
  await using world = await World.open();
  const { turns, model } = world.start();
  const { sessionId, replyId } = await turns.begin(request("hi"));
  const joined = await turns.join(USER, sessionId, null);
  assert(joined.kind === "live");
  const events = readAll(joined.turn);
  const resumed = readAll(await liveTurn(turns, sessionId, replyId, 1), 1);
  await settle();
  model.last.say("a", "b");
  model.last.finish();
  assertEquals(told(await events), ["session", "a", "b", "done: complete"]);
  assertEquals(told(await resumed), ["b", "done: complete"]);
  assertEquals((await turns.join(USER, sessionId, null)).kind, "none");
  await world.clock.advance(119_999);
  assertEquals(told(await readAll(await liveTurn(turns, sessionId, replyId, 2), 2)), ["done: complete"]);
  // Whoever has the end has all.
  assertEquals((await turns.join(USER, sessionId, { replyId, n: 3 })).kind, "none");
  assertEquals((await turns.join(USER, sessionId, { replyId: "other", n: 0 })).kind, "none");
  await world.clock.advance(2);
  assertEquals((await turns.join(USER, sessionId, { replyId, n: 0 })).kind, "none");
  assertEquals(world.clock.pending, 0);
});

Deno.test("join() and stop() know no session of somebody else", async () => {
  await using world = await World.open();
  const { turns, model } = world.start();
  const { sessionId, replyId } = await turns.begin(request("hi"));
  for (const last of [null, { replyId, n: 0 }]) {
    const { code, message } = await assertRejects(() => turns.join("u2", sessionId, last), GatehouseError);
    assertEquals([code, message.startsWith("Cannot find this session: ")], ["not_found", true]);
  }
  assertEquals((await assertRejects(() => turns.stop("u2", sessionId), GatehouseError)).code, "not_found");
  assertEquals(model.last.isAborted, false);
});

Deno.test("a reply too long to be held is given from the store", async () => {
  await using world = await World.open();
  const { turns, model } = world.start();
  const turn = await turns.begin(request("hi"));
  const piece = "x".repeat(1024 * 1024);
  const reading = readAll(turn);
  model.last.say(piece, piece, piece, piece, "!");
  model.last.finish();
  assertEquals((await reading).length, 7);
  const joined = await turns.join(USER, turn.sessionId, { replyId: turn.replyId, n: 2 });
  assert(joined.kind === "elsewhere");
  const { messageId, replyId } = turn;
  assertEquals([joined.messageId, joined.replyId], [messageId, replyId]);
  const { content } = await joined.reply(never);
  assertEquals(content.length, 4 * 1024 * 1024 + 1);
});

Deno.test("a turn that is cut and resumed any number of times gives the reply, once", async () => {
  await using world = await World.open();
  const { turns, model } = world.start();
  const steps = fc.array(fc.record({ pieces: fc.array(fc.string({ minLength: 1, maxLength: 3 })), take: fc.nat(4) }));
  await fc.assert(
    fc.asyncProperty(steps, fc.nat(4), async (steps, late) => {
      const turn = await turns.begin(request("hi"));
      const got: TurnEvent[] = [];
      let reply = "";
      let joined = turn;
      async function take(count: number): Promise<void> {
        if (got.length > 0) joined = await liveTurn(turns, turn.sessionId, turn.replyId, got.length - 1);
        const client = new AbortController();
        const after = got.at(-1)?.n ?? -1;
        const reader = joined.events(after, client.signal)[Symbol.asyncIterator]();
        for (let i = 0; i < count; i++) {
          const next = await reader.next();
          if (next.done) break;
          got.push(next.value);
        }
        client.abort();
      }
      let known = 1;
      for (const { pieces, take: count } of steps) {
        model.last.say(...pieces);
        known += pieces.length;
        reply += pieces.join("");
        await take(Math.min(count, known - got.length));
      }
      model.last.finish();
      await turn.ended;
      await take(Math.min(late, known - got.length));
      await take(known + 1 - got.length);
      assertEquals(got.map(({ n }) => n), [...got.keys()]);
      assertEquals(got.map((event) => event.type === "chunk" ? event.text : "").join(""), reply);
      const last = got.at(-1);
      assert(last?.type === "done" && last.message.content === reply);
    }),
    { numRuns: 30 },
  );
});
