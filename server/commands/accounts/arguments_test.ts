import { assertEquals, assertThrows } from "@std/assert";
import { expiryOf, LIMIT_FLAGS, limitsOf, readArguments, UsageError } from "./arguments.ts";

const SHAPE = {
  usage: ["user add <name>", "[--limits]"],
  words: 1,
  flags: ["admin"],
  values: ["email", ...LIMIT_FLAGS],
};

function limits(...args: string[]) {
  return limitsOf(readArguments(["ada", ...args], SHAPE));
}

Deno.test("readArguments() reads words, flags and values in any order", () => {
  const given = readArguments(["--admin", "ada", "--email=a@b.example"], SHAPE);
  assertEquals([given.words, given.has("admin"), given.value("email")], [["ada"], true, "a@b.example"]);
  assertEquals([given.value("rpm"), given.has("email")], [null, false]);
});

Deno.test("readArguments() refuses what the command does not take, and repeats nothing of it", () => {
  for (const args of [[], ["a", "b"], ["a", "--password", "hunter22"], ["a", "--email"], ["a", "--admin=x"]]) {
    const error = assertThrows(() => readArguments(args, SHAPE), UsageError);
    assertEquals(error.message, "Usage: deno task gatehouse user add <name>\n  [--limits]");
  }
});

Deno.test("limitsOf() gives only what was named, money in millionths", () => {
  assertEquals(limits(), {});
  assertEquals(limits("--rpm", "60", "--tpm", "1000"), { rpm: 60, tpm: 1000 });
  assertEquals(limits("--budget", "12.5/month"), { budget: { amountMicros: 12_500_000, period: "month" } });
  assertEquals(limits("--budget", "0.000001/day"), { budget: { amountMicros: 1, period: "day" } });
  assertEquals(limits("--models", "a, b,"), { models: ["a", "b"] });
});

Deno.test("limitsOf() refuses numbers that are none", () => {
  const bad = [["--rpm", "0"], ["--rpm", "1.5"], ["--tpm", "-1"], ["--tpm", "1e3"], ["--budget", "5"]];
  for (
    const args of [...bad, ["--models", ","], ["--models", "x".repeat(201)], ["--budget", "5/week"], [
      "--budget",
      "-5/day",
    ], ["--budget", "1.2345678/day"]]
  ) {
    assertThrows(() => limits(...args), UsageError);
  }
});

Deno.test("expiryOf() takes spans and dates", () => {
  assertEquals(expiryOf("30d", 1000), 1000 + 30 * 86_400_000);
  assertEquals(expiryOf("12h", 0), 12 * 3_600_000);
  assertEquals(expiryOf("2027-01-31", 0), Date.UTC(2027, 0, 31));
  assertEquals(expiryOf("2027-01-31T10:00:00Z", 0), Date.UTC(2027, 0, 31, 10));
  for (const bad of ["", "soon", "30", "30m", "2027-13-01", "2027"]) assertThrows(() => expiryOf(bad, 0), UsageError);
});
