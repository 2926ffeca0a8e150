import { assertEquals, assertThrows } from "@std/assert";
import { GatehouseError } from "../../errors/mod.ts";
import { readUsageQuery } from "./usage_query.ts";

const NOW = Date.parse("2026-03-10T23:59:00Z");
const read = (query: string) => readUsageQuery(new URLSearchParams(query), NOW);

Deno.test("readUsageQuery() takes the last 30 days by model where nothing is said", () => {
  assertEquals(read(""), { from: "2026-02-09", to: "2026-03-10", groupBy: "model", limit: 100, cursor: null });
});

Deno.test("readUsageQuery() takes days and times, by the day in UTC", () => {
  const days = (query: string) => {
    const { from, to } = read(query);
    return [from, to];
  };
  assertEquals(days("from=2026-01-01&to=2026-01-01"), ["2026-01-01", "2026-01-01"]);
  assertEquals(days("from=2026-03-01"), ["2026-03-01", "2026-03-10"]);
  assertEquals(days("to=2026-01-30"), ["2026-01-01", "2026-01-30"]);
  assertEquals(days("from=2026-01-02T00:30:00%2B01:00&to=2026-01-02T23:59:59.999Z"), ["2026-01-01", "2026-01-02"]);
  assertEquals(days("from=2026-01-02T00:30:00+01:00&to=2026-01-02T23:30-01:00"), ["2026-01-01", "2026-01-03"]);
  assertEquals(days("from=2026-01-02T00:30&to=2026-01-03T23:59:59"), ["2026-01-02", "2026-01-03"]);
  assertEquals(days("from=2024-01-01&to=2024-12-31"), ["2024-01-01", "2024-12-31"]);
});

Deno.test("readUsageQuery() passes on how to group and where to go on", () => {
  for (const groupBy of ["model", "user", "key", "day"] as const) {
    const { groupBy: found, limit, cursor } = read(`group_by=${groupBy}&limit=1000&cursor=abc`);
    assertEquals([found, limit, cursor], [groupBy, 1000, "abc"]);
  }
});

Deno.test("readUsageQuery() names the parameter that is wrong", () => {
  const cases = [
    ["from=2026-02-30", "from"],
    ["from=2026-13-01", "from"],
    ["from=yesterday", "from"],
    ["from=", "from"],
    ["to=2026-01-01T25:00:00Z", "to"],
    ["to=1767225600", "to"],
    ["from=2026-02-02&to=2026-02-01", "from"],
    ["from=2027-01-01", "from"],
    ["from=2024-01-01&to=2025-01-01", "from"],
    ["group_by=surface", "group_by"],
    ["limit=0", "limit"],
    ["limit=1001", "limit"],
    ["limit=1e2", "limit"],
    ["limit=5&limit=6", "limit"],
    ["user=x", "user"],
  ] as const;
  for (const [query, param] of cases) {
    const { code, param: found } = assertThrows(() => read(query), GatehouseError);
    assertEquals([code, found], ["invalid_field", param], query);
  }
});
