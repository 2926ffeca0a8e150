import { assertEquals } from "@std/assert";
import { spend, spendingAt } from "./budget.ts";
import { EMPTY_RECORD, readRecord } from "./record.ts";
import { admitTo, currentWindow } from "./window.ts";

const MIDNIGHT = Date.UTC(2026, 10, 21);

Deno.test("readRecord() takes a part that makes no sense for empty", () => {
  for (const value of [null, 3, "x", [], { v: 9 }]) assertEquals(readRecord(value), EMPTY_RECORD);
  const held = { p0: { micros: 1, used: 0, until: 2 } };
  const broken = { window: [[1, 2]], budget: { period: "2026", spent: 1 }, held };
  assertEquals(readRecord(broken), { ...EMPTY_RECORD, held });
  const whole = { v: 1, window: [[1, 2, 3]], budget: { period: "2026-11", spent: 1 }, held } as const;
  assertEquals(readRecord(structuredClone(whole)), whole);
});

Deno.test("a period that a faster clock has begun is not begun anew by a slower one", () => {
  const begun = { period: "2026-11-21", spent: 5 };
  assertEquals(spendingAt(begun, "day", MIDNIGHT - 30_000), begun);
  assertEquals(spend({ ...EMPTY_RECORD, budget: begun }, 2, MIDNIGHT - 1).budget, { ...begun, spent: 7 });
  const wrong = { period: "2031-01-01", spent: 5 };
  assertEquals(spendingAt(wrong, "day", MIDNIGHT), { period: "2026-11-21", spent: 0 });
});

Deno.test("a bucket that a faster clock has dated counts; one that a wrong clock has dated leaves", () => {
  const now = MIDNIGHT / 1000;
  assertEquals(admitTo([[now + 2, 1, 10]], MIDNIGHT, 5), { window: [[now + 2, 2, 15]], second: now + 2 });
  const window = [[now - 61, 1, 1], [now - 60, 1, 1], [now + 60, 1, 1], [now + 61, 1, 1]] as const;
  assertEquals(currentWindow(window, MIDNIGHT), window.slice(1, 3));
});
