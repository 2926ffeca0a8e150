import { assert } from "@std/assert";
import { InstantClock } from "../../demo/instant_clock.ts";
import { FakeClock } from "../../effects/fake_clock.ts";
import type { Store } from "../../storage/mod.ts";
import { type FaultyStore, type MemoryLocks, memoryLocks, memoryStore, withFaults } from "../../storage/testing.ts";
import { silentLogger } from "../../telemetry/mod.ts";
import type { Message, Said } from "../message.ts";
import { openPresence } from "../open_presence.ts";
import type { Presence } from "../presence.ts";
import type { Session } from "../session.ts";
import { createLibrary } from "./create_library.ts";
import type { Library, OpenTurn } from "./library.ts";
import { ulidAfter } from "./ulid_after.ts";

/** Waiting takes no time on it, and it can be set. */
export class JumpyClock extends InstantClock {
  #jumped = 0;

  override now(): number {
    return super.now() + this.#jumped;
  }

  jump(ms: number): void {
    this.#jumped += ms;
  }
}

/** One process on the store. */
export interface Process {
  readonly store: FaultyStore;
  readonly presence: Presence;
  readonly library: Library;
  /** As `kill -9`: from now on it counts as dead. */
  die(): Promise<void>;
}

/** A store, and as many processes on it as are asked for. */
export interface World {
  readonly clock: JumpyClock;
  readonly store: FaultyStore;
  readonly locks: MemoryLocks;
  /** @param through its view of the store */
  process(through?: (store: Store) => Store): Promise<Process>;
}

export const USER = "01USER0000000000000000000A";
export const OTHER = "01USER0000000000000000000B";

export function libraryTest(name: string, fn: (world: World, first: Process) => Promise<void>): void {
  Deno.test(name, async () => await inWorld(fn));
}

export async function inWorld(fn: (world: World, first: Process) => Promise<void>): Promise<void> {
  const clock = new JumpyClock();
  const store = await memoryStore({ clock });
  const locks = memoryLocks(new FakeClock());
  const presences: Presence[] = [];
  async function process(through: (store: Store) => Store = (store) => store): Promise<Process> {
    const view = withFaults(through(store), clock);
    const newId = () => ulidAfter(null, clock.now(), Math.random);
    const presence = await openPresence({ locks, store, clock, newId, log: silentLogger });
    presences.push(presence);
    const library = createLibrary({ store: view, presence, clock, log: silentLogger });
    return { store: view, presence, library, die: () => presence.close() };
  }
  try {
    await fn({ clock, store, locks, process }, await process());
  } finally {
    for (const presence of presences) await presence.close();
    store.close();
  }
}

export const SAID: Said = {
  text: "An answer",
  toolCalls: [],
  status: "complete",
  finishReason: "stop",
  model: "m1",
  bill: {
    usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3, estimated: false },
    cost: { micros: 5, currency: "USD" },
  },
  historyFrom: null,
};

/** Begins a turn at a session's end, or in a new session. */
export async function begin(
  { library, presence }: Process,
  at: {
    readonly session?: Session;
    readonly content?: Message["content"];
    readonly replaceFrom?: string;
    readonly userId?: string;
  } = {},
): Promise<OpenTurn> {
  const { session, content = "A question", replaceFrom = null, userId = USER } = at;
  const opened = session === undefined ? null : await library.open(userId, session.id);
  if (session !== undefined) assert(opened, "there is such a session");
  return await library.begin({
    userId,
    base: opened === null ? null : { sessionId: opened.session.id, lastId: opened.lastId, replaceFrom },
    session: {},
    content,
    metadata: null,
    owner: presence.owner,
  });
}

/** One whole turn. @returns the session after it */
export async function exchange(
  process: Process,
  at: Parameters<typeof begin>[1] & { readonly text?: string } = {},
): Promise<Session> {
  const turn = await begin(process, at);
  return (await process.library.finish(turn, { ...SAID, text: at.text ?? SAID.text })).session;
}

/** All messages, as export reads them. */
export async function allMessages({ library }: Process, session: Session): Promise<Message[]> {
  return await Array.fromAsync(library.forwards(session));
}

/** What the messages of a session say. */
export async function texts(process: Process, session: Session): Promise<Message["content"][]> {
  return (await allMessages(process, session)).map(({ content }) => content);
}

/** Every key under these first parts, `presence` and `lock` left out. */
export async function keysIn({ store }: World): Promise<Deno.KvKey[]> {
  const keys: Deno.KvKey[] = [];
  for (
    const root of [
      "conversation",
      "message",
      "message_part",
      "message_intent",
      "turn",
      "draft",
      "turn_stop",
      "conversation_erasing",
    ]
  ) {
    for await (const { key } of store.list([root])) keys.push(key);
  }
  return keys;
}

/**
 * What always holds once everything half done has been ended: counts are those of the messages that can be seen, no
 * session is busy, no part is without its message, nothing waits to be erased.
 */
export async function demandSound(world: World, process: Process): Promise<void> {
  const keys = await keysIn(world);
  const named = new Set<string>();
  for (const [root, first, second] of keys) {
    if (root === "conversation") {
      const opened = await process.library.open(String(first), String(second));
      assert(opened, "every session can be opened");
      assert(opened.running === null, "no session is stuck");
      const messages = await allMessages(process, opened.session);
      assert(opened.session.messageCount === messages.length, "the count is that of the messages");
      assert(opened.lastId === (messages.at(-1)?.id ?? null), "the last message is the last");
      const back = await Array.fromAsync(process.library.backwards(opened.session, null));
      assert(JSON.stringify(back.reverse()) === JSON.stringify(messages), "both ways are the same");
      for (const { id } of messages) named.add(id);
      named.add("tools");
    }
  }
  for (const [root, , second] of keys) {
    if (root === "message" || root === "message_part") assert(named.has(String(second)), `an orphan ${root}`);
    assert(
      !["message_intent", "turn", "turn_stop", "conversation_erasing", "draft"].includes(String(root)),
      `a ${String(root)} is left`,
    );
  }
}
