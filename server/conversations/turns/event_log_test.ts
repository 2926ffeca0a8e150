import { assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { settle } from "../../effects/fake_clock.ts";
import type { Message } from "../message.ts";
import { EventLog } from "./event_log.ts";
import type { TurnEvent } from "./turns.ts";

const IDS = { sessionId: "s", messageId: "m" };
const REPLY: Message = {
  id: "r",
  role: "assistant",
  content: "",
  toolCalls: [],
  toolCallId: null,
  status: "complete",
  finishReason: "stop",
  historyFrom: null,
  model: "m1",
  bill: null,
  metadata: null,
  createdAt: 0,
};
const END = { type: "done", message: REPLY } as const;
const never = new AbortController().signal;

async function all(events: AsyncIterable<TurnEvent>): Promise<TurnEvent[]> {
  return await Array.fromAsync(events);
}

function filled(...texts: readonly string[]): EventLog {
  const log = new EventLog(IDS);
  for (const text of texts) log.add(text);
  return log;
}

Deno.test("a reader gets session, pieces and end, in order and numbered, before and after they happen", async () => {
  const log = filled("a");
  const live = all(log.read(-1, never));
  await settle();
  log.add("b");
  log.add("");
  await settle();
  log.add("c");
  log.end(END);
  log.add("late");
  log.end({ type: "error", error: new Error("late") });
  const expected: TurnEvent[] = [
    { n: 0, type: "session", ...IDS },
    { n: 1, type: "chunk", text: "a" },
    { n: 2, type: "chunk", text: "b" },
    { n: 3, type: "chunk", text: "c" },
    { n: 4, ...END },
  ];
  assertEquals(await live, expected);
  assertEquals(await all(log.read(-1, never)), expected);
  assertEquals([log.lastNumber, log.bytes, log.readers], [4, 3, 0]);
});

Deno.test("events() goes on after any number; beyond the end there is the end alone, after the end nothing", async () => {
  const log = filled("a", "b");
  log.end(END);
  const numbers = async (after: number) => (await all(log.read(after, never))).map(({ n }) => n);
  assertEquals(await numbers(-7), [0, 1, 2, 3]);
  assertEquals(await numbers(NaN), [0, 1, 2, 3]);
  assertEquals(await numbers(0), [1, 2, 3]);
  assertEquals(await numbers(1.5), [2, 3]);
  assertEquals(await numbers(2), [3]);
  assertEquals(await numbers(3), []);
  assertEquals(await numbers(4), [3]);
  assertEquals(await numbers(Infinity), [3]);
});

Deno.test("a reader that has counted further than the turn waits for what is new to it", async () => {
  const log = filled("a");
  const read = all(log.read(2, never));
  await settle();
  log.add("b");
  log.add("c");
  log.end(END);
  assertEquals((await read).map(({ n }) => n), [3, 4]);
});

Deno.test("a reader counts from events() until return(), the abort, or the end", async () => {
  const counts: number[] = [];
  const log = new EventLog(IDS, (count) => counts.push(count));
  const leaving = new AbortController();
  const [one, two, three] = [log.read(-1, leaving.signal), log.read(-1, never), log.read(0, never)];
  assertEquals(counts, [1, 2, 3]);
  await one.next();
  const waits = one.next();
  leaving.abort(new Error("gone"));
  await assertRejects(() => waits, Error, "gone");
  await assertRejects(() => one.next(), Error, "gone");
  assertEquals(counts, [1, 2, 3, 2]);
  const hangs = three.next();
  await three.return?.();
  assertEquals((await hangs).done, true);
  assertEquals(counts, [1, 2, 3, 2, 1]);
  log.end(END);
  assertEquals((await all(two)).length, 2);
  assertEquals(counts, [1, 2, 3, 2, 1, 0]);
  const gone = log.read(-1, AbortSignal.abort(new Error("never came")));
  await assertRejects(() => gone.next(), Error, "never came");
  assertEquals(counts.length, 6);
});

Deno.test("readers that are cut and resumed at any moment get the reply, without a gap and without a repeat", async () => {
  const step = fc.oneof(
    fc.record({ say: fc.string({ maxLength: 4 }) }),
    fc.record({ reader: fc.nat(2), take: fc.nat(5), cut: fc.constantFrom("return", "abort", "stay") }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const log = new EventLog(IDS);
      let reply = "";
      const readers = [0, 1, 2].map(() => new Cut(log));
      for (const step of steps) {
        if ("say" in step) {
          log.add(step.say);
          reply += step.say;
        } else await readers[step.reader]?.take(step.take, step.cut);
      }
      log.end(END);
      for (const reader of readers) {
        await reader.take(Infinity, "stay");
        assertEquals(reader.text, reply);
        assertEquals(reader.numbers, [...reader.numbers.keys()]);
        assertEquals(reader.numbers.length - 1, log.lastNumber);
      }
      assertEquals(log.readers, 0);
    }),
    { numRuns: 200 },
  );
});

/** A reader that loses its connection again and again. */
class Cut {
  readonly #log: EventLog;
  #leaving = new AbortController();
  #events: AsyncIterableIterator<TurnEvent> | null = null;
  /** What was asked for and has not come. */
  #next: Promise<IteratorResult<TurnEvent>> | null = null;
  readonly numbers: number[] = [];
  text = "";

  constructor(log: EventLog) {
    this.#log = log;
  }

  async take(count: number, how: "return" | "abort" | "stay"): Promise<void> {
    this.#events ??= this.#log.read(this.numbers.at(-1) ?? -1, this.#leaving.signal);
    for (let i = 0; i < count; i++) {
      this.#next ??= this.#events.next();
      // An event that is there comes within a few turns of the microtask queue.
      const result = await Promise.race([this.#next, ticks(5)]);
      if (result === null || result.done) break;
      this.#next = null;
      this.numbers.push(result.value.n);
      if (result.value.type === "chunk") this.text += result.value.text;
    }
    if (how === "stay") return;
    this.#next?.catch(() => {}); // what an aborted reader still waits for
    if (how === "return") await this.#events.return?.();
    else this.#leaving.abort();
    this.#leaving = new AbortController();
    this.#events = this.#next = null;
  }
}

async function ticks(count: number): Promise<null> {
  for (let i = 0; i < count; i++) await Promise.resolve();
  return null;
}
