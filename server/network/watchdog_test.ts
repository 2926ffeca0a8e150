import { assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { FakeClock, settle } from "../effects/fake_clock.ts";
import { NetworkError } from "./http_client.ts";
import { BodyTooLargeError, readBody } from "./read_body.ts";
import { createWatchdog } from "./watchdog.ts";

function watched() {
  const clock = new FakeClock();
  return { clock, watchdog: createWatchdog(clock), fired: [] as string[] };
}

Deno.test("watch() fires once after the silence, counted from the last touch", async () => {
  const { clock, watchdog, fired } = watched();
  const watch = watchdog.watch({ silence: 10_000, total: 0 }, (which) => fired.push(which));
  await clock.advance(9000);
  watch.touch();
  await clock.advance(9900);
  assertEquals([fired, watch.idle()], [[], 9900]);
  await clock.advance(1100);
  assertEquals([fired, clock.pending], [["silence"], 0]);
  await clock.advance(60_000);
  assertEquals(fired, ["silence"]);
});

Deno.test("watch() fires after the total in spite of touches", async () => {
  const { clock, watchdog, fired } = watched();
  const watch = watchdog.watch({ silence: 1000, total: 5000 }, (which) => fired.push(which));
  for (let i = 0; i < 49; i++) {
    await clock.advance(100);
    watch.touch();
  }
  assertEquals(fired, []);
  await clock.advance(200);
  assertEquals([fired, clock.pending], [["total"], 0]);
});

Deno.test("watch() keeps a short limit to 50 ms beside a long one", async () => {
  const { clock, watchdog, fired } = watched();
  const long = watchdog.watch({ silence: 120_000, total: 0 }, () => fired.push("long"));
  await clock.advance(30);
  watchdog.watch({ silence: 200, total: 0 }, () => fired.push("short"));
  await clock.advance(199);
  assertEquals(fired, []);
  await clock.advance(51);
  assertEquals([fired, clock.pending], [["short"], 1]);
  long.stop();
  long.stop();
  await clock.advance(1000);
  assertEquals(clock.pending, 0);
});

Deno.test("watch() calls onIdle after each span of silence", async () => {
  const { clock, watchdog, fired } = watched();
  const limits = { silence: 0, total: 0, every: 15_000 };
  const watch = watchdog.watch(limits, () => fired.push("timeout"), () => fired.push("ping"));
  await clock.advance(14_000);
  assertEquals(fired, []);
  await clock.advance(32_000);
  assertEquals(fired, ["ping", "ping", "ping"]);
  watch.touch();
  await clock.advance(14_000);
  assertEquals(fired.length, 3);
  await clock.advance(2000);
  assertEquals(fired.length, 4);
  watch.stop();
  await clock.advance(1000);
  assertEquals([fired.length, clock.pending], [4, 0]);
});

Deno.test("watch() keeps the timer for what comes next, and close() ends it", async () => {
  const { clock, watchdog, fired } = watched();
  watchdog.watch({ silence: 1000, total: 0 }, () => fired.push("first")).stop();
  assertEquals(clock.pending, 1);
  watchdog.watch({ silence: 1000, total: 0 }, () => fired.push("second"));
  assertEquals(clock.pending, 1);
  watchdog.close();
  assertEquals(clock.pending, 0);
  await clock.advance(5000);
  assertEquals(fired, []);
});

Deno.test("watch() runs no timer without limits, and one for a thousand", () => {
  const { clock, watchdog } = watched();
  watchdog.watch({ silence: 0, total: 0 }, () => {});
  assertEquals(clock.pending, 0);
  for (let i = 0; i < 1000; i++) watchdog.watch({ silence: 1000 + i, total: 0 }, () => {});
  assertEquals(clock.pending, 1);
});

/** A response whose body the test feeds, and whether it was cancelled. */
function fed() {
  const state = { cancelled: false };
  const ready = Promise.withResolvers<ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>>();
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    start: (controller) => ready.resolve(controller),
    cancel: () => void (state.cancelled = true),
  });
  return { response: new Response(body), state, feed: ready.promise };
}

Deno.test("readBody() joins the chunks", async () => {
  const { clock, watchdog } = watched();
  const { response, feed } = fed();
  const read = readBody(response, { maxBytes: 5, silence: 1000, watchdog });
  (await feed).enqueue(new Uint8Array([1, 2]));
  (await feed).enqueue(new Uint8Array([3, 4, 5]));
  (await feed).close();
  assertEquals([...await read], [1, 2, 3, 4, 5]);
  await clock.advance(1000);
  assertEquals(clock.pending, 0);
  assertEquals((await readBody(new Response(null), { maxBytes: 0, silence: 0, watchdog })).length, 0);
});

Deno.test("readBody() refuses what is too long and cancels it", async () => {
  const { watchdog } = watched();
  const { response, state, feed } = fed();
  (await feed).enqueue(new Uint8Array(6));
  const error = await assertRejects(() => readBody(response, { maxBytes: 5, silence: 0, watchdog }), BodyTooLargeError);
  assertEquals([error.maxBytes, state.cancelled], [5, true]);
  const announced = new Response("123456", { headers: { "content-length": "6" } });
  await assertRejects(() => readBody(announced, { maxBytes: 5, silence: 0, watchdog }), BodyTooLargeError);
});

Deno.test("readBody() gives up on silence and cancels", async () => {
  const { clock, watchdog } = watched();
  const { response, state, feed } = fed();
  const failed = assertRejects(() => readBody(response, { maxBytes: 5, silence: 1000, watchdog }), NetworkError);
  (await feed).enqueue(new Uint8Array(1));
  await clock.advance(1100);
  assertEquals([(await failed).kind, state.cancelled, clock.pending], ["silent", true, 0]);
});

Deno.test("readBody() tells a broken connection", async () => {
  const { watchdog } = watched();
  const { response, feed } = fed();
  const failed = assertRejects(() => readBody(response, { maxBytes: 5, silence: 0, watchdog }), NetworkError);
  (await feed).error(new TypeError("canary"));
  const error = await failed;
  assertEquals([error.kind, error.sent, error.message.includes("canary")], ["broken", true, false]);
});

Deno.test("readBody() rejects with the signal's reason and cancels", async () => {
  const { watchdog } = watched();
  const { response, state } = fed();
  const controller = new AbortController();
  const options = { maxBytes: 5, silence: 0, watchdog, signal: controller.signal };
  const failed = readBody(response, options).catch((why) => why);
  await settle();
  controller.abort("left");
  assertStrictEquals(await failed, "left");
  assertEquals(state.cancelled, true);
});

Deno.test("readBody() takes a body that fails before its length for broken", async () => {
  const { watchdog } = watched();
  const body = new ReadableStream({
    type: "bytes",
    start(controller) {
      controller.enqueue(new Uint8Array([1, 2]));
      controller.error(new TypeError("the connection was reset"));
    },
  });
  const response = new Response(body, { headers: { "content-length": "5" } });
  const error = await readBody(response, { maxBytes: 5, silence: 0, watchdog }).catch((why) => why);
  assertEquals([error instanceof NetworkError, error.kind], [true, "broken"]);
});
