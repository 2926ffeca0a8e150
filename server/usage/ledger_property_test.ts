import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { FakeClock, settle } from "../effects/fake_clock.ts";
import type { Store } from "../storage/mod.ts";
import { type FaultyStore, memoryStore, withFaults } from "../storage/testing.ts";
import { silentLogger } from "../telemetry/mod.ts";
import { createLedger } from "./create_ledger.ts";
import type { TokenCount } from "./count.ts";
import { account, ALL, costOf } from "./ledger_fixture.ts";
import type { Ledger, Meter, UsageSum } from "./ledger.ts";
import { sumUsage } from "./sums.ts";

const PERIOD = 1_000;
const MIDNIGHT = Date.UTC(2026, 10, 21);

/** A call as it truly was. */
interface Call {
  readonly meter: Meter;
  readonly model: string;
  readonly day: string;
  readonly running: TokenCount;
  /** Null: open. */
  end: { readonly at: number; readonly count: TokenCount; readonly estimated: boolean } | null;
  /** It must be in the store, whatever comes. */
  safe: boolean;
}

/** One process; its name is also its user, so that its sums stand alone. */
class Process {
  readonly calls: Call[] = [];
  readonly view: FaultyStore;
  readonly ledger: Ledger;
  /** Since when its store works; null: it does not. */
  #healthySince: number | null;

  constructor(readonly name: string, store: Store, readonly clock: FakeClock) {
    this.view = withFaults(store, clock);
    this.ledger = createLedger({ store: this.view, clock, log: silentLogger, shard: name, costOf });
    this.#healthySince = clock.monotonic();
  }

  open(model: string, running: TokenCount): void {
    const meter = this.ledger.open(account({ userId: this.name, model }), () => {
      assertEquals(call.end, null, "an ended call was asked what it has used");
      return running;
    });
    const day = new Date(this.clock.now()).toISOString().slice(0, 10);
    const call: Call = { meter, model, day, running, end: null, safe: false };
    this.calls.push(call);
  }

  end(pick: number, count: TokenCount | null, estimated: boolean): void {
    const open = this.calls.filter(({ end }) => end === null);
    const call = open[pick % open.length];
    if (call === undefined) return;
    const at = this.clock.monotonic();
    call.end = { at, count: count ?? { prompt: 0, completion: 0 }, estimated: count !== null && estimated };
    if (count === null) call.meter.unused();
    else call.meter.end(count, estimated);
  }

  /** Marks what the store must hold by now. */
  secure(): void {
    const since = this.#healthySince;
    if (since === null) return;
    const now = this.clock.monotonic();
    for (const call of this.calls) {
      if (call.end !== null && Math.max(call.end.at, since) + PERIOD < now) call.safe = true;
    }
  }

  fail(kind: "unavailable" | "answer_lost"): void {
    this.secure();
    this.view.fail({ kind });
    this.#healthySince = null;
  }

  heal(): void {
    this.view.heal();
    this.#healthySince ??= this.clock.monotonic();
  }

  /** From now on nothing of it reaches the store. */
  async die(): Promise<void> {
    this.fail("unavailable");
    await this.ledger.close();
  }
}

/** A store that knows how many of its calls are on their way. */
function watched(inner: Store): { readonly store: Store; readonly quiet: () => Promise<void> } {
  let under = 0;
  const watch = async <T>(work: Promise<T>): Promise<T> => {
    under++;
    return await work.finally(() => under--);
  };
  const store: Store = {
    ...inner,
    get: <T>(key: Deno.KvKey) => watch(inner.get<T>(key)),
    commit: (change) => watch(inner.commit(change)),
  };
  return {
    store,
    async quiet() {
      while (under > 0) await settle();
    },
  };
}

const LINE = ["requests", "prompt_tokens", "completion_tokens", "estimated", "micros"] as const;
type Line = Record<typeof LINE[number], number>;

function lineOf({ requests, prompt_tokens, completion_tokens, estimated, cost }: UsageSum): Line {
  return { requests, prompt_tokens, completion_tokens, estimated, micros: cost?.micros ?? 0 };
}

function linesOf(calls: readonly Call[], used: (call: Call) => TokenCount): Record<string, Line> {
  const lines: Record<string, Line> = {};
  for (const call of calls) {
    const line = lines[call.day] ??= {
      requests: 0,
      prompt_tokens: 0,
      completion_tokens: 0,
      estimated: 0,
      micros: 0,
    };
    const count = used(call);
    line.requests++;
    line.prompt_tokens += count.prompt;
    line.completion_tokens += count.completion;
    if (call.end?.estimated ?? true) line.estimated++;
    line.micros += costOf(call.model, count)?.micros ?? 0;
  }
  return lines;
}

async function storedLines(store: Store, userId: string): Promise<Record<string, Line>> {
  const { items } = await sumUsage(store, { ...ALL, groupBy: "day", userId });
  return Object.fromEntries(items.map((sum) => [sum.key, lineOf(sum)]));
}

/** What happens to one of two processes. */
type Step =
  | { readonly kind: "open"; readonly who: number; readonly model: string; readonly running: TokenCount }
  | {
    readonly kind: "end";
    readonly who: number;
    readonly pick: number;
    /** Null: it used nothing. */
    readonly count: TokenCount | null;
    readonly estimated: boolean;
  }
  | { readonly kind: "fail"; readonly who: number; readonly fault: "unavailable" | "answer_lost" }
  | { readonly kind: "heal" | "flush" | "die"; readonly who: number };

const who = fc.nat(1);
const tokens = fc.record({ prompt: fc.nat(1_000_000), completion: fc.nat(1_000_000) });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("open" as const),
      who,
      model: fc.constantFrom("m", "free"),
      running: tokens,
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("end" as const),
      who,
      pick: fc.nat(9),
      count: fc.option(tokens),
      estimated: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("fail" as const),
      who,
      fault: fc.constantFrom("unavailable" as const, "answer_lost" as const),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constantFrom("heal" as const, "flush" as const, "die" as const), who }),
  },
);
const timed = fc.tuple(step, fc.oneof(fc.constant(0), fc.nat(2 * PERIOD)));

const ONE = { prompt: 1, completion: 1 };
const OPEN: Step = { kind: "open", who: 0, model: "m", running: ONE };
const END: Step = { kind: "end", who: 0, pick: 0, count: ONE, estimated: false };

/** What the runs must meet to prove anything: a call that is safe, one that is lost, a day that ends, a death. */
const SAFE_AND_LOST: [Step, number][] = [
  [{ ...OPEN, who: 1 }, 0],
  [OPEN, 0],
  [END, PERIOD + 1],
  [{ kind: "fail", who: 0, fault: "unavailable" }, 0],
  [OPEN, 0],
  [END, 9 * PERIOD],
  [{ kind: "die", who: 0 }, 0],
  [{ ...OPEN, who: 1 }, 0],
];

Deno.test("whatever calls, faults and deaths do, the sums hold all that ended over a second before, and no more than there was", async () => {
  const met = { deaths: 0, safe: 0, lost: 0, days: 0 };
  await fc.assert(
    fc.asyncProperty(fc.array(timed, { minLength: 15, maxLength: 30 }), async (steps) => {
      const clock = new FakeClock(MIDNIGHT - 8 * PERIOD);
      const memory = await memoryStore();
      const { store, quiet } = watched(memory);
      let made = 0;
      const start = () => new Process(`process${made++}`, store, clock);
      const living = [start(), start()];
      const dead: Process[] = [];
      try {
        for (const [s, ms] of steps) {
          const process = living[s.who];
          assert(process);
          await quiet();
          if (s.kind === "open") process.open(s.model, s.running);
          else if (s.kind === "end") process.end(s.pick, s.count, s.estimated);
          else if (s.kind === "fail") process.fail(s.fault);
          else if (s.kind === "heal") process.heal();
          else if (s.kind === "flush") await process.ledger.flush().catch(() => {});
          else {
            await process.die();
            dead.push(process);
            living[s.who] = start();
          }
          if (ms > 0) await clock.advance(ms);
        }
        living.forEach((process) => process.heal());
        await quiet();
        await clock.advance(PERIOD);
        await quiet();
        for (const { name, calls } of living) {
          const lines = linesOf(calls, ({ end, running }) => end?.count ?? running);
          assertEquals(await storedLines(store, name), lines);
          met.days = Math.max(met.days, Object.keys(lines).length);
        }
        for (const { name, calls } of dead) {
          const stored = await storedLines(store, name);
          const least = linesOf(calls.filter(({ safe }) => safe), ({ end, running }) => end?.count ?? running);
          const most = linesOf(calls, ({ end, running }) => ({
            prompt: Math.max(running.prompt, end?.count.prompt ?? 0),
            completion: Math.max(running.completion, end?.count.completion ?? 0),
          }));
          for (const day of new Set([...Object.keys(most), ...Object.keys(stored)])) {
            for (const field of LINE) {
              if (field === "estimated") continue; // an open call that died counts as one, whatever it would have become
              const is = stored[day]?.[field] ?? 0;
              assert(is >= (least[day]?.[field] ?? 0), `${name} lost ${field} on ${day}`);
              assert(is <= (most[day]?.[field] ?? 0), `${name} has too much ${field} on ${day}`);
            }
          }
          met.deaths++;
          met.safe += calls.filter(({ safe }) => safe).length;
          met.lost += calls.length - Object.values(stored).reduce((sum, { requests }) => sum + requests, 0);
        }
      } finally {
        await Promise.all(living.map(({ ledger }) => ledger.close()));
        assertEquals(clock.pending, 0, "a timer stays");
        memory.close();
      }
    }),
    { numRuns: 8, endOnFailure: true, examples: [[SAFE_AND_LOST]] },
  );
  assert(met.deaths > 0 && met.safe > 0 && met.lost > 0 && met.days > 1, `proved too little: ${JSON.stringify(met)}`);
});
