import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import type { Reservation } from "../limiter.ts";
import { daily, heldOf, inWorld, never, sorted, subject, wish } from "./limits_testing.ts";

const AMOUNT = 300;
const SUBJECTS = [subject(daily(AMOUNT)), subject(daily(AMOUNT), "key", "k1")];

const step = fc.record({
  process: fc.nat(1),
  wishes: fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 3 }),
  settle: fc.constantFrom(true, true, false),
  fault: fc.option(fc.constantFrom("answer_lost" as const, "unavailable" as const), { freq: 2 }),
  calls: fc.constantFrom<readonly ("get" | "commit")[]>(["commit"], ["get", "commit"]),
  times: fc.integer({ min: 1, max: 3 }),
});

Deno.test("two processes on a store that fails in the middle: sums are exact once it is well again", () =>
  fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 6, maxLength: 10 }), (steps) =>
      inWorld(async (world) => {
        const processes = [world.process("p0"), world.process("p1")];
        const open: { readonly reservation: Reservation; readonly micros: number }[] = [];
        let spent = 0;
        for (const { process: index, wishes, settle, fault, calls, times } of steps) {
          const process = processes[index];
          assert(process !== undefined);
          if (fault !== null) process.store.fail({ kind: fault }, { calls, times });
          const asked = wishes.map(async (micros) => {
            const reservation = await process.limiter.reserve(
              wish(SUBJECTS, micros),
              () => ({ tokens: 0, micros: 0 }),
              never,
            );
            open.push({ reservation, micros });
            return reservation;
          });
          const { refused } = await world.run(sorted(asked));
          for (const { code } of refused) assert(["budget_exceeded", "storage_unavailable"].includes(code));
          const first = settle ? open.shift() : undefined;
          if (first !== undefined) {
            first.reservation.settle({ tokens: 0, micros: first.micros - 1 });
            spent += first.micros - 1;
          }
          assert(spent + open.reduce((sum, { micros }) => sum + micros, 0) <= AMOUNT);
        }
        for (const { store } of processes) store.heal();
        await world.clock.advance(3_000);
        const held = open.reduce((sum, { micros }) => sum + micros, 0);
        for (const record of [await world.record(), await world.record("key", "k1")]) {
          assertEquals([record?.budget?.spent ?? 0, heldOf(record)], [spent, held]);
        }
      })),
    { numRuns: 10 },
  ));
