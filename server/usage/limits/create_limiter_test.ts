import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { GatehouseError } from "../../errors/mod.ts";
import { daily, heldOf, inWorld, never, NOON, nothing, sorted, subject, wish } from "./limits_testing.ts";

for (const processes of [1, 3]) {
  Deno.test(`reserve() admits exactly 10 of 64 parallel wishes where 10 have room, with ${processes} process(es)`, () =>
    inWorld(async (world) => {
      const limiters = Array.from({ length: processes }, (_, i) => world.process(`p${i}`).limiter);
      const kinds = [
        [daily(100), "budget_exceeded"],
        [{ rpm: 10 }, "rate_limit_exceeded"],
        [{ tpm: 1000 }, "rate_limit_exceeded"],
      ] as const;
      for (const [limits, code] of kinds) {
        const subjects = [subject(limits, "user", code + Object.keys(limits)[0])];
        const asked = Array.from(
          { length: 64 },
          (_, i) => limiters[i % processes]?.reserve(wish(subjects), nothing, never) ?? Promise.reject(new Error()),
        );
        const { made, refused } = await world.run(sorted(asked));
        assertEquals(made.length, 10);
        assertEquals(new Set(refused.map((error) => error.code)), new Set([code]));
        for (const one of made) one.settle({ tokens: 0, micros: 0 });
      }
    }));
}

Deno.test("wishes of one turn share one commit, and one alone costs one", () =>
  inWorld(async (world) => {
    const { limiter, store } = world.process("p0");
    const subjects = [subject(daily(10_000)), subject({ rpm: 1000 }, "key", "k1")];
    await limiter.reserve(wish(subjects), nothing, never);
    assertEquals(store.count("commit"), 1);
    const gets = store.count("get");
    await limiter.reserve(wish(subjects), nothing, never);
    assertEquals([store.count("commit"), store.count("get")], [2, gets]);
    await Promise.all(Array.from({ length: 64 }, () => limiter.reserve(wish(subjects), nothing, never)));
    assertEquals(store.count("commit"), 3);
  }));

Deno.test("more subjects than one commit can check are spread over several", () =>
  inWorld(async (world) => {
    const { limiter } = world.process("p0");
    const asked = Array.from({ length: 250 }, (_, i) => {
      const subjects = [subject({ rpm: 1 }, "user", `u${i}`), subject({ rpm: 1 }, "key", `k${i}`)];
      return limiter.reserve(wish(subjects), nothing, never);
    });
    assertEquals((await world.run(sorted(asked))).made.length, 250);
  }));

Deno.test("settle() puts what was used in place of what was reserved, once, within 100 ms", () =>
  inWorld(async (world) => {
    const { limiter } = world.process("p0");
    const subjects = [subject({ ...daily(100), tpm: 1000 })];
    const reservation = await limiter.reserve(wish(subjects, 60, 500), nothing, never);
    reservation.settle({ tokens: 20, micros: 7 });
    reservation.settle({ tokens: 20, micros: 7 });
    await world.clock.advance(100);
    const record = await world.record();
    assertEquals(record?.budget, { period: "2026-11-20", spent: 7 });
    assertEquals(record?.window, [[NOON / 1000, 1, 20]]);
    assertEquals(record?.held, {});
  }));

Deno.test("a wish sees the settlements that wait before it", () =>
  inWorld(async (world) => {
    const { limiter } = world.process("p0");
    const subjects = [subject(daily(10))];
    for (let i = 0; i < 5; i++) {
      (await limiter.reserve(wish(subjects, 10), nothing, never)).settle({ tokens: 1, micros: 0 });
    }
  }));

Deno.test("a refusal under one subject leaves no trace under any", () =>
  inWorld(async (world) => {
    const { limiter } = world.process("p0");
    const user = subject({ rpm: 100, ...daily(1000) });
    const key = subject(daily(15), "key", "k1");
    await limiter.reserve(wish([user, key]), nothing, never);
    const before = [await world.record(), await world.record("key", "k1")];
    const error = await assertRejects(() => limiter.reserve(wish([user, key]), nothing, never), GatehouseError);
    assertEquals([await world.record(), await world.record("key", "k1")], before);
    assertEquals(error.code, "budget_exceeded");
    assertStringIncludes(error.message, "key's budget of 0.000015");
    assertEquals(error.headers["x-ratelimit-remaining-requests"], "99");
    const fresh = [subject({ rpm: 0 }, "user", "new")];
    await assertRejects(() => limiter.reserve(wish(fresh), nothing, never), GatehouseError);
    assertEquals(await world.record("user", "new"), null);
  }));

Deno.test("budget_exceeded: try again soon where open calls are in the way, else when the period ends", () =>
  inWorld(async (world) => {
    const { limiter } = world.process("p0");
    const ask = () => limiter.reserve(wish([subject(daily(10))]), nothing, never);
    const open = await ask();
    assertEquals((await assertRejects(ask, GatehouseError)).retryAfterSeconds, 5);
    open.settle({ tokens: 1, micros: 1 });
    assertEquals((await assertRejects(ask, GatehouseError)).retryAfterSeconds, 12 * 3600);
  }));

Deno.test("reserve() refuses a model without a price under a budget only", () =>
  inWorld(async (world) => {
    const { limiter } = world.process("p0");
    await limiter.reserve(wish([subject({ rpm: 5 })], null), nothing, never);
    const bound = wish([subject({ rpm: 5 }), subject(daily(10), "key", "k1")], null);
    const error = await assertRejects(() => limiter.reserve(bound, nothing, never), GatehouseError);
    assertEquals(error.code, "model_not_priced");
    assertEquals((await world.record())?.window, [[NOON / 1000, 1, 100]]);
  }));

Deno.test("reserve() ends with the signal's reason and gives back the room that was made meanwhile", () =>
  inWorld(async (world) => {
    const { limiter, store } = world.process("p0");
    const subjects = [subject({ rpm: 5, ...daily(100) })];
    const early = AbortSignal.abort(new TypeError("gone"));
    await assertRejects(() => limiter.reserve(wish(subjects), nothing, early), TypeError, "gone");
    assertEquals(store.count("commit"), 0);

    const stop = new AbortController();
    store.fail({ kind: "delay", ms: 50 }, { calls: ["commit"], times: 1 });
    const waiting = assertRejects(() => limiter.reserve(wish(subjects), nothing, stop.signal), TypeError, "left");
    await world.clock.advance(10);
    stop.abort(new TypeError("left"));
    await waiting;
    await world.clock.advance(50);
    assertEquals(heldOf(await world.record()), 10);
    await world.clock.advance(100);
    const record = await world.record();
    assertEquals([heldOf(record), record?.budget?.spent, record?.window], [0, 0, []]);
  }));

Deno.test("the period changes at midnight UTC and at the month's end; open calls count to where they began", () =>
  inWorld(async (world) => {
    const { limiter } = world.process("p0");
    const day = [subject(daily(10), "user", "day")];
    const month = [subject({ budget: { amountMicros: 10, period: "month" } }, "user", "month")];
    (await limiter.reserve(wish(day), nothing, never)).settle({ tokens: 1, micros: 10 });
    (await limiter.reserve(wish(month), nothing, never)).settle({ tokens: 1, micros: 4 });
    const open = await limiter.reserve(wish(month, 6), nothing, never);
    for (const full of [day, month]) {
      await assertRejects(() => limiter.reserve(wish(full, 1), nothing, never), GatehouseError);
    }
    await world.clock.advance(2_000);
    assertEquals((await world.record("user", "month"))?.budget, { period: "2026-11", spent: 4 });
    open.settle({ tokens: 1, micros: 3 });
    await limiter.reserve(wish(day), nothing, never);
    await limiter.reserve(wish(month, 10), nothing, never);
    assertEquals((await world.record("user", "day"))?.budget, { period: "2026-12-01", spent: 0 });
    assertEquals((await world.record("user", "month"))?.budget, { period: "2026-12", spent: 0 });
  }, Date.UTC(2026, 10, 30, 23, 59, 59)));

Deno.test("a budget that is changed from day to month begins anew", () =>
  inWorld(async (world) => {
    const { limiter } = world.process("p0");
    (await limiter.reserve(wish([subject(daily(10))]), nothing, never)).settle({ tokens: 1, micros: 10 });
    const month = [subject({ budget: { amountMicros: 10, period: "month" } })];
    await limiter.reserve(wish(month), nothing, never);
    assertEquals((await world.record())?.budget, { period: "2026-11", spent: 0 });
  }));

Deno.test("close() writes what waits, leaves no timer and no mark, and refuses what comes later", () =>
  inWorld(async (world) => {
    const { limiter } = world.process("p0");
    const subjects = [subject(daily(100))];
    (await limiter.reserve(wish(subjects), nothing, never)).settle({ tokens: 1, micros: 6 });
    await limiter.close();
    assertEquals((await world.record())?.budget?.spent, 6);
    assertEquals(world.clock.pending, 0);
    assertEquals(await Array.fromAsync(world.store.list(["limits", "mark"])), []);
    const error = await assertRejects(() => limiter.reserve(wish(subjects), nothing, never), GatehouseError);
    assertEquals(error.code, "draining");
  }));

Deno.test("close() is bounded where the store hangs", () =>
  inWorld(async (world) => {
    const { limiter, store } = world.process("p0");
    (await limiter.reserve(wish([subject(daily(100))]), nothing, never)).settle({ tokens: 1, micros: 6 });
    store.fail({ kind: "hang" });
    let closed = false;
    const closing = limiter.close().then(() => closed = true);
    await world.clock.advance(2_999);
    assert(!closed);
    await world.clock.advance(1);
    await closing;
    assertEquals(world.clock.pending, 0);
  }));

Deno.test("headers tell what is left under the tightest of all limits that are set", () =>
  inWorld(async (world) => {
    const { limiter } = world.process("p0");
    const subjects = [subject({ rpm: 10, tpm: 5000 }), subject({ rpm: 50, tpm: 900 }, "key", "k1")];
    const { headers } = await limiter.reserve(wish(subjects), nothing, never);
    assertEquals(headers, {
      "x-ratelimit-limit-requests": "10",
      "x-ratelimit-remaining-requests": "9",
      "x-ratelimit-reset-requests": "1m1s",
      "x-ratelimit-limit-tokens": "900",
      "x-ratelimit-remaining-tokens": "800",
      "x-ratelimit-reset-tokens": "1m1s",
    });
    assertEquals((await limiter.reserve(wish([subject(daily(50))]), nothing, never)).headers, {});
  }));
