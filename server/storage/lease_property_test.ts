import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { FakeClock } from "../effects/fake_clock.ts";
import { openLeaseLocks } from "./lease_locks.ts";
import type { Held } from "./locks.ts";
import { type FaultyStore, memoryStore, withFaults } from "./testing.ts";

const LEASE = 1_500;
const PROCESSES = 3;

/** Takes the lease again and again, and believes to hold it until told to release it or told that it is lost. */
class Contender {
  taken = 0;
  release: () => void = () => {};

  /** @param believers who believes to hold the lease just now, among all */
  constructor(readonly believers: Set<Contender>) {}

  async run(clock: FakeClock, store: FaultyStore, owner: string, stop: AbortSignal): Promise<void> {
    const locks = openLeaseLocks({ store, clock, random: () => 0.9, owner, lease: LEASE });
    while (!stop.aborted) {
      const held = await locks.acquire("a", { patience: 1e9, signal: stop }).catch(() => null);
      if (held === null) await new Promise<void>((resolve) => clock.setTimeout(resolve, 300));
      else await this.#hold(held);
    }
  }

  async #hold(held: Held): Promise<void> {
    this.taken++;
    const ended = Promise.withResolvers<void>();
    const end = () => {
      this.believers.delete(this);
      ended.resolve();
    };
    this.believers.add(this);
    const alone = this.believers.size === 1;
    this.release = end;
    held.lost.addEventListener("abort", end);
    if (held.lost.aborted) end();
    await ended.promise;
    await held.release();
    assert(alone, "two held it at once");
  }
}

const who = fc.nat(PROCESSES - 1);
const step = fc.oneof(
  fc.record({ kind: fc.constantFrom("unavailable" as const, "answer_lost" as const, "hang" as const), who }),
  fc.record({ kind: fc.constant("delay" as const), who, ms: fc.nat(LEASE) }),
  fc.record({ kind: fc.constantFrom("heal" as const, "release" as const), who }),
  fc.record({ kind: fc.constant("jump" as const), ms: fc.integer({ min: -LEASE * 9, max: LEASE * 9 }) }),
);
const timed = fc.tuple(step, fc.nat(2 * LEASE));

Deno.test("of processes whose stores fail, hang and lag each by itself, never two hold a lease at once", async () => {
  let takeovers = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(timed, { minLength: 3, maxLength: 8 }), async (steps) => {
      const clock = new FakeClock();
      const shared = await memoryStore();
      const stop = new AbortController();
      const stores = Array.from({ length: PROCESSES }, () => withFaults(shared, clock));
      const believers = new Set<Contender>();
      const contenders = stores.map(() => new Contender(believers));
      const running = Promise.all(
        stores.map((store, i) => contenders[i]?.run(clock, store, `process${i}`, stop.signal)),
      );
      running.catch(() => {}); // awaited at the end

      try {
        await clock.advance(1);
        for (const [s, ms] of steps) {
          if (s.kind === "jump") clock.jump(s.ms);
          else if (s.kind === "heal") stores[s.who]?.heal();
          else if (s.kind === "release") contenders[s.who]?.release();
          else stores[s.who]?.fail(s.kind === "delay" ? s : { kind: s.kind });
          await clock.advance(ms);
        }
        stores.forEach((store) => store.heal());
        await clock.advance(3 * LEASE);
        assertEquals(believers.size, 1, "one holds it again once all stores work");
        takeovers += contenders.reduce((sum, c) => sum + c.taken, -1);
      } finally {
        stop.abort();
        stores.forEach((store) => store.heal());
        do {
          contenders.forEach((c) => c.release());
          await clock.advance(LEASE);
        } while (clock.pending > 0);
        shared.close();
      }
      await running;
    }),
    { numRuns: 6, endOnFailure: true },
  );
  assert(takeovers > 0, "the lease never changed hands: this test has proved nothing");
});
