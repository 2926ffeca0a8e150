import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { settle } from "../../effects/fake_clock.ts";
import { begin, DONE, errorCodeAtEnd, FINISH, text, USAGE, USAGE_ONLY } from "./relay_fixture.ts";

const EVENTS = [text("a"), ": ping\n\n", text("é\n\nb"), FINISH, USAGE_ONLY, DONE];
const STREAM = new TextEncoder().encode(EVENTS.join(""));
const EXPECTED = EVENTS.filter((event) => event !== USAGE_ONLY).join("");

/** What has arrived whole when `length` bytes of the stream have. */
function wholeAt(length: number): string {
  let sum = 0;
  return EVENTS.filter((event) => {
    sum += new TextEncoder().encode(event).length;
    return sum <= length && event !== USAGE_ONLY;
  }).join("");
}

Deno.test("relay() gives the same bytes in any portions", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1 }), async (sizes) => {
      const { upstream, client, ends } = begin();
      const rest = client.rest();
      for (let at = 0, i = 0; at < STREAM.length; i++) {
        const size = sizes[i % sizes.length] ?? 1;
        upstream.send(STREAM.subarray(at, at + size));
        at += size;
        await Promise.resolve();
      }
      upstream.close();
      assertEquals(await rest, EXPECTED);
      assertEquals(ends.map(({ outcome, usage }) => [outcome, usage]), [["done", USAGE]]);
    }),
    { numRuns: 50 },
  );
});

Deno.test("relay() passes whole events and one error wherever the upstream fails", async () => {
  for (let length = 0; length < STREAM.length; length++) {
    for (const how of ["break", "close"] as const) {
      const { upstream, client, ends } = begin();
      if (length > 0) upstream.send(STREAM.subarray(0, length));
      const first = length > 0 ? client.next() : null;
      for (let i = 0; i < 20; i++) await Promise.resolve();
      upstream[how]();
      const output = (await first ?? "") + await client.rest();
      const whole = wholeAt(length);
      assert(output.startsWith(whole), `${how} after ${length} bytes`);
      const isFinished = whole.includes('"stop"') && (output === whole + DONE);
      assert(how === "close" || !isFinished);
      if (!isFinished) {
        assertEquals(errorCodeAtEnd(output), how === "break" ? "upstream_failed" : "upstream_truncated");
        assertEquals(output.split("\n\n").length, whole.split("\n\n").length + 1);
      }
      assertEquals(ends.length, 1);
    }
  }
});

Deno.test("relay() cancels the upstream wherever the client leaves", async () => {
  for (let length = 0; length < STREAM.length - DONE.length; length += 7) {
    const { upstream, client, ends, watchdog, clock } = begin();
    const reading = client.next();
    if (length > 0) upstream.send(STREAM.subarray(0, length));
    await Promise.resolve();
    await client.leave();
    await reading;
    assertEquals([upstream.cancelled, watchdog.running, clock.pending], [true, 0, 0]);
    assertEquals(ends.map((end) => end.outcome), ["client_left"]);
  }
  await settle();
});
