import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import type { Limits } from "../../accounts/mod.ts";
import { heldOf, NOON, nothing, subject } from "./limits_testing.ts";
import type { Grant, Operation, Reserve } from "./operations.ts";
import { planBatch } from "./plan.ts";
import { EMPTY_RECORD, type LimitRecord } from "./record.ts";
import type { Share } from "./shares.ts";
import { takeOver } from "./take_over.ts";

const LIMITS: Limits = { rpm: 7, tpm: 1_000, budget: { amountMicros: 500, period: "day" } };
const KEY_LIMITS: Limits = { rpm: null, tpm: 600, budget: { amountMicros: 300, period: "month" } };
const SUBJECTS = [subject(LIMITS), subject(KEY_LIMITS, "key", "k1")];
const NAMES = ["user/ann", "key/k1"];

interface Call {
  readonly at: number;
  readonly grant: Grant;
  readonly shard: number;
  tokens: number;
  open: boolean;
}

/** Two processes on two records, without a store: each batch is planned and then happens. */
class Plans {
  readonly records = new Map<string, LimitRecord>();
  readonly shares: readonly Map<string, Share>[] = [new Map(), new Map()];
  now = NOON;

  batch(shard: number, operations: readonly Operation[], renewals: readonly string[] = []) {
    const shares = this.shares[shard] ?? new Map<string, Share>();
    const ground = { records: this.records, shares, shard: `p${shard}`, now: this.now };
    for (const name of NAMES) {
      const share = shares.get(name);
      if (share?.stored && this.records.get(name)?.held[`p${shard}`] === undefined) share.wasFolded();
    }
    const plan = planBatch({ operations, renewals: new Set(renewals) }, ground);
    for (const [name, record] of plan.puts) this.records.set(name, record);
    takeOver(plan, shares, `p${shard}`);
    return plan;
  }

  record(name: string): LimitRecord {
    return this.records.get(name) ?? EMPTY_RECORD;
  }
}

function reserve(tokens: number, micros: number): Reserve {
  const ask = { tokens, micros };
  return { type: "reserve", subjects: SUBJECTS, ask, running: nothing, answered: false, grant() {}, refuse() {} };
}

const step = fc.oneof(
  fc.record({
    type: fc.constant("reserve" as const),
    shard: fc.nat(1),
    wishes: fc.array(fc.record({ tokens: fc.nat(400), micros: fc.nat(150) }), { minLength: 1, maxLength: 4 }),
  }),
  fc.record({
    type: fc.constant("settle" as const),
    which: fc.nat(50),
    part: fc.double({ min: 0, max: 1, noNaN: true }),
  }),
  fc.record({ type: fc.constant("wait" as const), ms: fc.nat(20_000) }),
);

Deno.test("whatever comes: no limit is passed in any 60 s, spent and held never pass the budget, the spent sum is exact", () =>
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const plans = new Plans();
      const calls: Call[] = [];
      let spent = 0;
      for (const one of steps) {
        if (one.type === "wait") {
          plans.now += one.ms;
          // Both processes live: they renew what they hold.
          for (const shard of [0, 1]) plans.batch(shard, [], NAMES);
        } else if (one.type === "settle") {
          const call = calls.filter(({ open }) => open).at(one.which % Math.max(1, calls.length));
          if (call === undefined) continue;
          const { ask } = call.grant.operation;
          const used = { tokens: Math.floor(ask.tokens * one.part), micros: Math.floor(ask.micros * one.part) };
          plans.batch(call.shard, [{ type: "settle", holds: call.grant.holds, used }]);
          call.open = false;
          call.tokens = used.tokens;
          spent += used.micros;
        } else {
          const operations = one.wishes.map(({ tokens, micros }) => reserve(tokens, micros));
          const plan = plans.batch(one.shard, operations);
          assertEquals(plan.granted.length + plan.refused.length, operations.length);
          for (const grant of plan.granted) {
            calls.push({ at: plans.now, grant, shard: one.shard, tokens: grant.operation.ask.tokens, open: true });
          }
        }
        const recent = calls.filter(({ at }) => at > plans.now - 60_000);
        assert(recent.length <= 7);
        assert(recent.reduce((sum, { tokens }) => sum + tokens, 0) <= 600);
        const held = calls.reduce((sum, { open, grant }) => sum + (open ? grant.operation.ask.micros : 0), 0);
        assert(spent + held <= 300);
        for (const name of NAMES) {
          const record = plans.record(name);
          assertEquals([record.budget?.spent ?? 0, heldOf(record)], [spent, held]);
          assert(record.window.length <= 61);
        }
      }
    }),
    { numRuns: 300 },
  ));

Deno.test("in any 60 s, wherever they begin, never more requests are admitted than the limit", () =>
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.nat(1_500), fc.integer({ min: 58_000, max: 61_500 })), { minLength: 3, maxLength: 40 }),
      (gaps) => {
        const plans = new Plans();
        const admitted: number[] = [];
        const operation = { ...reserve(1, 0), subjects: [subject({ rpm: 2 })] };
        for (const gap of gaps) {
          plans.now += gap;
          if (plans.batch(0, [operation]).granted.length === 1) admitted.push(plans.now);
        }
        admitted.forEach((at, i) => assert(i < 2 || at - (admitted[i - 2] ?? 0) >= 60_000));
      },
    ),
  ));

Deno.test("room that is given back leaves no trace, and what was never used is free again", () =>
  fc.assert(
    fc.property(fc.nat(600), fc.nat(300), fc.nat(59_000), (tokens, micros, later) => {
      const plans = new Plans();
      plans.batch(0, [reserve(0, 0)]);
      const before = NAMES.map((name) => plans.record(name));
      const [grant] = plans.batch(1, [reserve(tokens, micros)]).granted;
      assert(grant !== undefined);
      plans.now += later;
      plans.batch(1, [{ type: "settle", holds: grant.holds, used: null }]);
      assertEquals(NAMES.map((name) => plans.record(name)), before);
    }),
  ));

Deno.test("a refused wish changes nothing, and says when there will be room", () =>
  fc.assert(
    fc.property(fc.array(fc.nat(300), { minLength: 3, maxLength: 30 }), fc.nat(5_000), (sizes, gap) => {
      const plans = new Plans();
      for (const tokens of sizes) {
        plans.now += gap;
        const before = new Map(plans.records);
        const [refused] = plans.batch(0, [reserve(tokens, 0)]).refused;
        if (refused === undefined) continue;
        assertEquals(plans.records, before);
        assertEquals(refused.error.code, "rate_limit_exceeded");
        const seconds = refused.error.retryAfterSeconds ?? 0;
        assert(Number.isInteger(seconds) && seconds >= 1 && seconds <= 61);
        plans.now += seconds * 1000;
        const { granted, refused: again } = plans.batch(0, [reserve(tokens, 0)]);
        // Room under the limit that refused first may leave the next limit in the way.
        if (granted.length === 0) assert(again[0]?.error.message !== refused.error.message);
      }
    }),
  ));

Deno.test("of a process that dies what it had used is spent, however it is spread over batches", () =>
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(40), fc.nat(60)), { minLength: 1, maxLength: 5 }), (calls) => {
      const plans = new Plans();
      let used = 0;
      for (const [reserved, running] of calls) {
        const operation = { ...reserve(1, reserved), running: () => ({ tokens: 1, micros: running }) };
        plans.batch(0, [operation], NAMES);
        used += running;
      }
      plans.batch(0, [], NAMES);
      plans.now += 15_000;
      plans.batch(1, [reserve(1, 0)]);
      for (const name of NAMES) {
        assertEquals(plans.record(name).budget?.spent, used);
        assertEquals(plans.record(name).held, {});
      }
    }),
  ));
