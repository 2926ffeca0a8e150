import { assert, assertEquals } from "@std/assert";
import { healthOf } from "./refresher_health.ts";

type Input = Parameters<typeof healthOf>[0];

const INPUT: Input = {
  now: 5000,
  usable: true,
  expiresAt: 9000,
  unsaved: false,
  failure: null,
  need: null,
  lastRefreshAt: 4000,
  before: null,
};
const failure = { reason: "the provider is busy", count: 1, nextAt: 0, atEnd: false };
const need = { reason: "the grant is over", since: 3000, refreshToken: "r" };

const TABLE: readonly [Partial<Input>, string, boolean][] = [
  [{}, "valid", true],
  [{ usable: false }, "refreshing", false],
  [{ failure }, "stale", true],
  [{ failure, usable: false }, "stale", false],
  [{ unsaved: true }, "unsaved", true],
  [{ unsaved: true, usable: false }, "unsaved", false],
  [{ unsaved: true, failure }, "unsaved", true],
  [{ need }, "reauth_required", true],
  [{ need, usable: false, failure, unsaved: true }, "reauth_required", false],
];

for (const [input, state, serving] of TABLE) {
  Deno.test(`healthOf() says ${state}, serving ${serving}, of ${Object.keys(input).join(" and ") || "a valid token"}`, () => {
    const health = healthOf({ ...INPUT, ...input });
    assertEquals([health.state, health.serving, health.expiresAt, health.lastRefreshAt], [state, serving, 9000, 4000]);
  });
}

Deno.test("healthOf() keeps since while the state lasts, and dates a need from its beginning", () => {
  const first = healthOf(INPUT);
  assertEquals(first.since, 5000);
  assertEquals(healthOf({ ...INPUT, now: 6000, before: first }).since, 5000);
  assertEquals(healthOf({ ...INPUT, now: 6000, before: first, failure }).since, 6000);
  assertEquals(healthOf({ ...INPUT, now: 6000, before: first, need }).since, 3000);
});

Deno.test("healthOf() gives the last error and a fix exactly where there is something to mend", () => {
  for (const [input, state] of TABLE) {
    const { fix, lastError } = healthOf({ ...INPUT, ...input });
    assertEquals(fix === null, state === "valid" || state === "refreshing", state);
    assertEquals(lastError, input.need?.reason ?? input.failure?.reason ?? null);
  }
  assert(healthOf({ ...INPUT, need }).fix?.includes("login"));
});
