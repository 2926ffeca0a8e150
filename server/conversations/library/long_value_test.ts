import { assert, assertEquals } from "@std/assert";
import { BUDGET, INLINE, PART } from "./long_value.ts";
import { allMessages, begin, demandSound, exchange, keysIn, libraryTest, SAID, texts } from "./library_fixture.ts";

/** What JSON and the other fields of a message take beside its text, about. */
const FRAME = 200;

libraryTest(
  "messages of all lengths come back as they were, surrogates at the borders of parts included",
  async (world, one) => {
    let session = await exchange(one, { content: "first" });
    const wanted: unknown[] = ["first", "An answer"];
    for (const border of [INLINE, PART, 2 * PART, BUDGET]) {
      for (let shift = -FRAME; shift <= 4; shift += shift < -8 ? 48 : 3) {
        const content = "é".repeat(7) + "😀".repeat(Math.floor((border + shift) / 4)) + "\ud83d" +
          "a".repeat(shift & 3);
        session = await exchange(one, { session, content, text: `\ude00${shift}` });
        wanted.push(content, `\ude00${shift}`);
      }
    }
    assertEquals(await texts(one, session), wanted);
    await demandSound(world, one);
  },
);

libraryTest("a message over 20 MiB with images works, and leaves nothing when it is deleted", async (world, one) => {
  const content = [
    { type: "text", text: "Look" },
    { type: "image_url", image_url: { url: `data:image/png;base64,${"QUJD".repeat(5_500_000)}` } },
  ];
  const session = await exchange(one, { content, text: "x".repeat(3_000_000) });
  const [question, answer] = await allMessages(one, session);
  assert(JSON.stringify(question?.content) === JSON.stringify(content));
  assertEquals(answer?.content.length, 3_000_000);
  assertEquals(session.name, "Look");
  await demandSound(world, one);
  await one.library.remove(session.userId, session.id);
  assertEquals(await keysIn(world), []);
});

libraryTest("a prompt, a name and tools that are long are kept, and what is too long is refused", async (_, one) => {
  const systemPrompt = "p€".repeat(8 * 1024);
  const tools = Array.from({ length: 900 }, (_, i) => ({ name: `f${i}`, description: "日本".repeat(200) }));
  const session = await one.library.create("01USER0000000000000000000A", { settings: { systemPrompt }, tools });
  assertEquals((await one.library.open(session.userId, session.id))?.session, session);
  assertEquals(await one.library.tools(session.userId, session.id), tools);
  const settings = { systemPrompt: "€".repeat(11_000) };
  for (
    const work of [
      () => one.library.create(session.userId, { settings }),
      () => one.library.change(session.userId, session.id, { settings }),
      () => one.library.change(session.userId, session.id, { name: "n".repeat(3_000) }),
    ]
  ) {
    const error = await work().then(() => null, (error) => error);
    assertEquals(error?.code, "invalid_field");
  }
});

libraryTest("a session begun with long tools and a long message is whole", async (world, one) => {
  const tools = Array.from({ length: 300 }, (_, i) => ({ name: `f${i}`, description: "d".repeat(3_000) }));
  const turn = await one.library.begin({
    userId: "01USER0000000000000000000A",
    base: null,
    session: { tools, protocol: "rpc" },
    content: "c".repeat(800_000),
    metadata: { a: 1 },
    owner: one.presence.owner,
  });
  const { session } = await one.library.finish(turn, SAID);
  assertEquals(session.protocol, "rpc");
  assertEquals(await one.library.tools(session.userId, session.id), tools);
  assertEquals((await one.library.message(session, turn.message.id))?.metadata, { a: 1 });
  await demandSound(world, one);
});

libraryTest("a message of which a part is missing is passed over", async (world, one) => {
  const turn = await begin(one, { content: "m".repeat(200_000) });
  const { session } = await one.library.finish(turn, SAID);
  const [, second] = (await keysIn(world)).filter(([root]) => root === "message_part");
  assert(second);
  await world.store.commit({ deletes: [second] });
  assertEquals(await texts(one, session), ["An answer"]);
  assertEquals(await one.library.message(session, turn.message.id), null);
});

libraryTest("records of another form are no session, no message, no turn, and no crash", async (world, one) => {
  const session = await exchange(one);
  const { userId } = session;
  const strange = [7, null, { v: 2 }, { v: 1 }, new Uint8Array(3), "x"];
  for (const [index, value] of strange.entries()) {
    const id = `01STRANGE0000000000000000${index}`;
    await world.store.commit({
      puts: [
        { key: ["conversation", userId, id], value },
        { key: ["message", session.id, id], value },
        { key: ["turn", id], value },
        { key: ["draft", session.id, id, 0, 0], value },
        { key: ["turn_stop", id], value },
        { key: ["message_intent", id, id], value },
      ],
    });
    assertEquals(await one.library.open(userId, id), null);
  }
  await world.store.commit({ puts: [{ key: ["turn", session.id], value: { v: 9 } }] });
  assertEquals((await one.library.list(userId, { limit: 10, cursor: null }, null)).items, [session]);
  assertEquals(await texts(one, session), ["A question", "An answer"]);
  assertEquals((await one.library.asked()).size, 0);
  await one.library.resume();
  assertEquals((await exchange(one, { session })).messageCount, 4);
});
