import { assert, assertEquals } from "@std/assert";
import { settle } from "../../effects/fake_clock.ts";
import { GatehouseError } from "../../errors/mod.ts";
import type { Store } from "../../storage/mod.ts";
import type { Message } from "../message.ts";
import { begin, demandSound, inWorld, keysIn, type Process, SAID, type World } from "./library_fixture.ts";

/** Which call of the store meets what, and whether all after it do as well: the process is then to die. */
interface Blow {
  readonly at: number;
  readonly kind: "unavailable" | "answer_lost";
  readonly lasting: boolean;
}

/** What a process was told, and must not be lost. */
interface Told {
  readonly messages: Map<string, Message["content"]>;
  /** Replaced or deleted, as far as the process knows. */
  readonly wishedAway: Set<string>;
}

type Story = (process: Process, told: Told) => Promise<void>;

function struck(inner: Store, { at, kind, lasting }: Blow, hit: () => void): Store {
  let calls = 0;
  async function meet<T>(work: () => Promise<T>): Promise<T> {
    const call = calls++;
    if (call !== at && !(lasting && call > at)) return await work();
    hit();
    if (kind === "answer_lost" && call === at) await work();
    throw new GatehouseError("storage_unavailable", "Cannot go on: the test says so.");
  }
  return {
    get: <T>(key: Deno.KvKey) => meet(() => inner.get<T>(key)),
    async *list(prefix, options) {
      await meet(() => Promise.resolve());
      yield* inner.list(prefix, options);
    },
    commit: (change) => meet(() => inner.commit(change)),
    close: () => {},
  };
}

/** Keeps drafts, as whoever runs a turn does: again where it failed. */
async function keep({ library }: Process, drafts: Parameters<Process["library"]["keep"]>[0]): Promise<void> {
  await library.keep(drafts).catch(() => library.keep(drafts));
}

const everyStep: Story = async (process, { messages, wishedAway }) => {
  const { library, presence } = process;
  const tell = (...told: readonly Message[]) => told.forEach(({ id, content }) => messages.set(id, content));
  const turn = await begin(process, { content: "one" });
  tell(turn.message);
  await keep(process, [{ turn, index: 0, text: "dra" }, { turn, index: 1, text: "ft" }]);
  const toolCalls = [{ id: "a", name: "f", arguments: "{}" }];
  const asked = await library.said(turn, { ...SAID, text: "calling", toolCalls });
  tell(asked.message);
  await library.askToStop(turn.session.id, { messageId: turn.message.id, replyId: "", owner: presence.owner });
  const given = await library.answered(asked.turn, [{ toolCallId: "a", content: "given" }]);
  tell(...given.messages);
  const first = await library.finish(given.turn, SAID);
  tell(first.message);
  const session = await library.change(turn.userId, turn.session.id, { name: "named" });
  for (const { id } of [asked.message, ...given.messages, first.message]) wishedAway.add(id);
  const again = await begin(process, { session, content: "two", replaceFrom: asked.message.id });
  tell(again.message);
  tell((await library.finish(again, SAID)).message);
  for (const id of messages.keys()) wishedAway.add(id);
  await library.remove(turn.userId, session.id);
};

const longValues: Story = async (process, { messages }) => {
  const { library, presence } = process;
  const tools = [{ name: "f", description: "d".repeat(700_000) }];
  await library.create("01USER0000000000000000000A", { tools });
  const content = "q".repeat(1_300_000);
  const turn = await library.begin({
    userId: "01USER0000000000000000000A",
    base: null,
    session: { tools },
    content,
    metadata: null,
    owner: presence.owner,
  });
  messages.set(turn.message.id, turn.message.content);
  await keep(process, [{ turn, index: 0, text: "d".repeat(700_000) }]);
  const { message } = await library.finish(turn, { ...SAID, text: "a".repeat(1_300_000) });
  messages.set(message.id, message.content);
};

/** After a story: what was told is there and whole, and all else that can be seen is sound. */
async function demandAfter(world: World, process: Process, { messages, wishedAway }: Told): Promise<void> {
  await process.library.resume();
  await demandSound(world, process);
  const seen = new Map<string, Message["content"]>();
  for (const [root, user, id] of await keysIn(world)) {
    if (root !== "conversation") continue;
    const opened = await process.library.open(String(user), String(id));
    assert(opened);
    for await (const { id, content } of process.library.forwards(opened.session)) seen.set(id, content);
  }
  for (const [id, content] of messages) {
    if (!wishedAway.has(id) || seen.has(id)) assert(seen.get(id) === content, "a message that was told of is there");
  }
}

/** Tells a story once for each call it makes, which then fails. @returns how often */
async function atEveryCall(story: Story, blow: Omit<Blow, "at">, every = 1): Promise<number> {
  for (let at = 0, isHit = true; isHit; at += every) {
    isHit = false;
    await inWorld(async (world, other) => {
      const process = await world.process((store) => struck(store, { ...blow, at }, () => isHit = true));
      const told: Told = { messages: new Map(), wishedAway: new Set() };
      const failed = await story(process, told).then(() => false, (error) => {
        if (error instanceof GatehouseError && error.code === "storage_unavailable") return true;
        throw error;
      });
      await settle();
      assertEquals(failed && !blow.lasting, false, `one failure is made up for (call ${at})`);
      await process.die();
      await demandAfter(world, other, told);
    });
    if (!isHit) return at;
  }
  return 0;
}

for (const kind of ["unavailable", "answer_lost"] as const) {
  Deno.test(`a store that fails once (${kind}), at any call, is made up for`, async () => {
    assert(await atEveryCall(everyStep, { kind, lasting: false }) > 40);
  });

  Deno.test(`a process that dies (${kind}) at any call loses nothing that it has told, and leaves nothing half`, async () => {
    assert(await atEveryCall(everyStep, { kind, lasting: true }) > 40);
  });

  Deno.test(`long values (${kind}) are whole or not there`, async () => {
    assert(await atEveryCall(longValues, { kind, lasting: true }, 3) > 20);
    assert(await atEveryCall(longValues, { kind, lasting: false }, 3) > 20);
  });
}
