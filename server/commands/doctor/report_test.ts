import { assert, assertEquals } from "@std/assert";
import { fail, ok } from "./finding.ts";
import { lines, summary } from "./report.ts";

const plain = { bold: (text: string) => text, dim: (text: string) => text };

Deno.test("lines() puts what to do below what was found", () => {
  assertEquals(lines(fail("DNS", "no such name", "Mend it."), plain, Infinity), [
    "FAIL  DNS             — no such name",
    "                        → Mend it.",
  ]);
  assertEquals(lines(ok("port", "free"), plain, Infinity), ["ok    port            — free"]);
});

Deno.test("lines() breaks long texts at the terminal's width and loses no word", () => {
  const text = Array.from({ length: 60 }, (_, i) => `word${i}`).join(" ");
  const broken = lines(fail("connect", text, text), plain, 80);
  assert(broken.every((line) => line.length <= 80));
  assertEquals(broken.join(" ").match(/word\d+/g)?.length, 120);
});

Deno.test("summary() counts what fails and what warns", () => {
  assertEquals(summary(["ok", "skip"]), "Nothing fails.");
  assertEquals(summary(["ok", "warn"]), "Nothing fails, 1 warning.");
  assertEquals(summary(["FAIL", "warn", "warn"]).split(".")[0], "1 check fails, 2 warnings");
});
