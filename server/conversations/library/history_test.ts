import { assert, assertEquals } from "@std/assert";
import type { PageOptions } from "../../accounts/mod.ts";
import type { Session } from "../session.ts";
import { allMessages, begin, exchange, libraryTest, OTHER, type Process, texts } from "./library_fixture.ts";

/** What is read of a history, page by page from the latest; the pages in the order they came in. */
async function pages({ library }: Process, session: Session, limit: number): Promise<unknown[][]> {
  const found: unknown[][] = [];
  for (let page: PageOptions | null = { limit, cursor: null }; page !== null;) {
    const { items, nextCursor } = await library.history(session, page);
    found.push(items.map(({ content }) => content));
    page = nextCursor === null ? null : { limit, cursor: nextCursor };
  }
  return found;
}

libraryTest("history() gives the latest page first, oldest first within it", async (_, one) => {
  let session = await exchange(one, { content: "q0", text: "a0" });
  for (const n of [1, 2]) session = await exchange(one, { session, content: `q${n}`, text: `a${n}` });
  assertEquals(await pages(one, session, 4), [["q1", "a1", "q2", "a2"], ["q0", "a0"]]);
  assertEquals(await pages(one, session, 3), [["a1", "q2", "a2"], ["q0", "a0", "q1"]]);
  assertEquals(await pages(one, session, 6), [["q0", "a0", "q1", "a1", "q2", "a2"]]);
  assertEquals(await pages(one, { ...session, userId: OTHER }, 6), [[]]);
  assertEquals(await texts(one, { ...session, userId: OTHER }), []);
});

libraryTest("history() ends a page at 8 MiB, but holds one message at least", async (_, one) => {
  let session = await exchange(one, { content: "a".repeat(9 << 20), text: "b".repeat(3 << 20) });
  session = await exchange(one, { session, content: "c".repeat(3 << 20), text: "d" });
  const lengths = (await pages(one, session, 50)).map((page) => page.map((content) => String(content).length >> 20));
  assertEquals(lengths, [[3, 3, 0], [9]]);
});

libraryTest("history() and backwards() read no more than they are asked for", async (_, one) => {
  let session = await exchange(one);
  for (let i = 0; i < 150; i++) session = await exchange(one, { session, content: `${i}` });
  const lists = one.store.count("list");
  const page = await one.library.history(session, { limit: 20, cursor: null });
  assertEquals([page.items.length, one.store.count("list")], [20, lists + 1]);
  for await (const { content } of one.library.backwards(session, page.items[0]?.id ?? null)) {
    assertEquals(content, "An answer");
    break;
  }
  const all = await allMessages(one, session);
  assertEquals(all.length, 302);
  const before = await Array.fromAsync(one.library.backwards(session, all[7]?.id ?? null));
  assertEquals(before.reverse(), all.slice(0, 7));
});

libraryTest("the user's message is in the history while its turn runs, and the reply is not", async (_, one) => {
  const turn = await begin(one, { content: "now" });
  assertEquals(await texts(one, turn.session), ["now"]);
  assertEquals(await one.library.message(turn.session, turn.replyId), null);
  assert(await one.library.message(turn.session, turn.message.id));
});
