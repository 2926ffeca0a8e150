import { assertEquals, assertStringIncludes } from "@std/assert";
import { FakeClock } from "../../effects/fake_clock.ts";
import { checkClock, watchDates } from "./clock.ts";

/** What the clock check says when the far side's clock is `behind` ours by so many milliseconds. */
async function verdict(behind: number): Promise<string> {
  const clock = new FakeClock();
  const date = new Date(clock.now() - behind).toUTCString();
  const fetch = () => Promise.resolve(new Response(null, { headers: { date } }));
  const http = watchDates({ fetch, close() {} }, clock);
  await http.fetch({ url: new URL("https://login.example/token"), signal: new AbortController().signal, silence: 0 });
  const [finding] = checkClock(http.skews());
  return `${finding?.verdict} ${finding?.found}`;
}

Deno.test("checkClock() warns over a minute, in both directions", async () => {
  assertStringIncludes(await verdict(0), "ok agrees with login.example:443");
  assertStringIncludes(await verdict(60_000), "ok");
  assertStringIncludes(await verdict(5 * 60_000), "warn this machine is 5 min ahead of");
  assertStringIncludes(await verdict(-4 * 3_600_000), "warn this machine is 4 h behind");
});

Deno.test("checkClock() says when there was nobody to ask", () => {
  assertEquals(checkClock([]).map(({ verdict }) => verdict), ["skip"]);
});
