// Fills a gate's store by the product's own library. It writes into memory first, so that what goes to the file are a
// few large commits. Arguments: DATA_DIR and a `Filling`; it prints a `Filled`.
import { monotonicUlid } from "@std/ulid";
import { type Library, openConversations } from "../../conversations/mod.ts";
import { systemClock } from "../../effects/mod.ts";
import { openStore, type Store } from "../../storage/mod.ts";
import { memoryLocks, memoryStore } from "../../storage/testing.ts";
import { silentLogger } from "../../telemetry/mod.ts";
import type { Filled, Filling } from "../sides/fill_store.ts";
import { prose } from "./prose.ts";

/** In one commit: messages here are shorter than 4 KiB, and a commit holds 800 KiB. */
const AT_ONCE = 200;

const [dataDir = "", text = ""] = Deno.args;
const { userId, conversations, sessions, question, answer }: Filling = JSON.parse(text);

const memory = await memoryStore();
const { library, close } = await openConversations({
  store: memory,
  locks: memoryLocks(systemClock),
  resolve: nobodyIsAsked,
  inference: { events: nobodyIsAsked, bytes: nobodyIsAsked, idle: nobodyIsAsked, endAll: nobodyIsAsked, open: 0 },
  clock: systemClock,
  newId: () => monotonicUlid(Date.now()),
  log: silentLogger,
});
const filled: Filled[] = [];
for (const messages of conversations) filled.push(await conversation(library, messages));
for (let index = 0; index < sessions; index++) await library.create(userId, { name: `Session ${100_000 + index}` });
await close();
const file = await openStore({
  settings: { dataDir, kvUrl: null, kvAccessToken: null },
  clock: systemClock,
  log: silentLogger,
});
await copy(memory, file);
file.close();
memory.close();
// deno-lint-ignore no-console -- the line is the process's answer to its parent
console.log(JSON.stringify(filled));

async function conversation(library: Library, messages: number): Promise<Filled> {
  const ids: string[] = [];
  let sessionId: string | null = null;
  for (let turn = 0; turn < messages / 2; turn++) {
    const lastId = ids.at(-1) ?? null;
    const open = await library.begin({
      userId,
      base: sessionId === null ? null : { sessionId, lastId, replaceFrom: null },
      session: { name: `${messages} messages` },
      content: prose(question, turn),
      metadata: null,
      owner: "bench",
    });
    const { message } = await library.finish(open, {
      text: prose(answer, messages + turn),
      toolCalls: [],
      status: "complete",
      finishReason: "stop",
      model: "bench-model",
      bill: {
        usage: { prompt_tokens: 9, completion_tokens: 60, total_tokens: 69, estimated: false },
        cost: { micros: 69, currency: "USD" },
      },
      historyFrom: null,
    });
    sessionId = open.session.id;
    ids.push(open.message.id, message.id);
  }
  return { sessionId: sessionId ?? "", ids };
}

async function copy(from: Store, to: Store): Promise<void> {
  let puts: { key: Deno.KvKey; value: unknown }[] = [];
  for await (const { key, value } of from.list([])) {
    if (key[0] === "presence") continue;
    puts.push({ key, value });
    if (puts.length < AT_ONCE) continue;
    await to.commit({ puts });
    puts = [];
  }
  await to.commit({ puts });
}

function nobodyIsAsked(): never {
  throw new TypeError("A store is filled without any model");
}
