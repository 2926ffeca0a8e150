import { assertEquals } from "@std/assert";
import { NO_LIMITS } from "../../accounts/mod.ts";
import { dayText, limitsText, modelsText, moneyText, timeText } from "./show.ts";
import { table } from "./table.ts";

Deno.test("moneyText() shows two places, and more where there are more", () => {
  const cases: readonly (readonly [number, string])[] = [
    [0, "0.00"],
    [1, "0.000001"],
    [12_500_000, "12.50"],
    [12_345_600, "12.3456"],
    [1_000_000_000_000, "1000000.00"],
  ];
  for (const [micros, text] of cases) assertEquals(moneyText(micros), text);
});

Deno.test("limitsText() names each limit", () => {
  assertEquals(limitsText(NO_LIMITS), "-");
  const budget = { amountMicros: 5_000_000, period: "day" } as const;
  assertEquals(limitsText({ rpm: 60, tpm: 1000, budget }), "60 rpm, 1000 tpm, 5.00/day");
});

Deno.test("modelsText() tells no model from every model", () => {
  assertEquals([null, [], ["a", "b"]].map(modelsText), ["all", "none", "a,b"]);
});

Deno.test("dayText() and timeText() say when, in UTC", () => {
  assertEquals([dayText(null), dayText(0)], ["-", "1970-01-01"]);
  assertEquals([timeText(null), timeText(60_000)], ["never", "1970-01-01 00:01"]);
});

Deno.test("table() aligns columns, numbers to the right", () => {
  assertEquals(table(["NAME", "COUNT"], [["a", "1"], ["long name", "100000"]], [1]), [
    "NAME        COUNT",
    "a               1",
    "long name  100000",
  ]);
});

Deno.test("table() aligns names of any script", () => {
  assertEquals(table(["NAME", "ROLE"], [["日本語", "user"], ["e\u0301va", "admin"]]), [
    "NAME    ROLE",
    "日本語  user",
    "e\u0301va     admin",
  ]);
});
