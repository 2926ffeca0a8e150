import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { backoff, deadlineOf, MAX_TIMER, refreshDelay, refreshMargin, remaining } from "./lifetime.ts";
import type { CredentialRecord } from "./record.ts";
import { QuickClock } from "./testing/quick_clock.ts";

const HOUR = 3_600_000;

function record(clock: QuickClock, lifetime: number | null): CredentialRecord {
  const obtainedAt = clock.now();
  const expiresAt = lifetime === null ? null : obtainedAt + lifetime;
  return { v: 1, refreshToken: "r", accessToken: "a", expiresAt, obtainedAt, intent: null, reauth: null };
}

Deno.test("refreshMargin() is 10 % of the lifetime, five minutes at most", () => {
  assertEquals([2_000, 600_000, HOUR, 90 * 24 * HOUR].map(refreshMargin), [200, 60_000, 300_000, 300_000]);
});

Deno.test("refreshDelay() ends before the margin begins, and uses at least half of a lifetime", () => {
  fc.assert(fc.property(
    fc.double({ min: 1, max: 90 * 24 * HOUR, noNaN: true }),
    fc.double({ min: 0, max: 1, noNaN: true }),
    (lifetime, random) => {
      const delay = refreshDelay(lifetime, lifetime, random);
      assert(delay <= lifetime - refreshMargin(lifetime) && delay >= lifetime / 2);
    },
  ));
  assertEquals(refreshDelay(-5, 1000, 0.5), 0);
});

Deno.test("refreshDelay() is spread by the jitter", () => {
  assert(refreshDelay(HOUR, HOUR, 0) - refreshDelay(HOUR, HOUR, 1) > 60_000);
});

Deno.test("remaining() is bound by both clocks: a jump never lengthens a token's life", () => {
  fc.assert(fc.property(
    fc.integer({ min: 1, max: HOUR }),
    fc.integer({ min: -24 * HOUR, max: 24 * HOUR }),
    (lifetime, jump) => {
      const clock = new QuickClock();
      const deadline = deadlineOf(record(clock, lifetime), clock);
      clock.jump(jump);
      assertEquals(remaining(deadline, clock), Math.min(lifetime, lifetime - jump));
    },
  ));
});

Deno.test("deadlineOf() of a stored token read after the wall clock went back is no longer than its lifetime", () => {
  const clock = new QuickClock();
  const stored = record(clock, 600_000);
  clock.jump(-24 * HOUR);
  assertEquals(remaining(deadlineOf(stored, clock), clock), 600_000);
  clock.jump(25 * HOUR);
  assert(remaining(deadlineOf(stored, clock), clock) <= 0);
});

Deno.test("remaining() of a token without a lifetime never ends", () => {
  const clock = new QuickClock();
  assertEquals(deadlineOf(record(clock, null), clock), null);
  assertEquals(remaining(null, clock), Infinity);
});

Deno.test("backoff() doubles to a minute, jittered, and never overflows a timer", () => {
  assertEquals([1, 2, 3, 7, 8].map((n) => backoff(n, 0.5)), [1000, 2000, 4000, 60_000, 60_000]);
  for (const failures of [1, 50, 1e6]) {
    assert(backoff(failures, 0) >= 800 && backoff(failures, 1) <= 72_001);
    assert(backoff(failures, 0) < backoff(failures, 1));
  }
  assert(MAX_TIMER < 2 ** 31);
});
