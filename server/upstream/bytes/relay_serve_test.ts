import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { systemClock } from "../../effects/mod.ts";
import { MAX_HELD } from "./event_sieve.ts";
import { openaiChat } from "./openai_chat.ts";
import { relay } from "./relay.ts";
import { DONE, FINISH, ManualWatchdog, text, USAGE, USAGE_ONLY } from "./relay_fixture.ts";
import type { RelayEnd } from "./relay_options.ts";

/** A raw upstream that answers each connection with `chunks` and then closes, or waits for the other side to. */
async function withGate(
  chunks: readonly string[],
  stays: boolean,
  use: (url: string, ended: Promise<RelayEnd>, upstreamClosed: Promise<void>) => Promise<void>,
): Promise<void> {
  const far = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const closed = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<RelayEnd>();
  const serving = (async () => {
    using connection = await far.accept();
    await connection.read(new Uint8Array(4096));
    const frames = chunks.map((chunk) => `${new TextEncoder().encode(chunk).length.toString(16)}\r\n${chunk}\r\n`);
    const head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    const bytes = new TextEncoder().encode(head + frames.join("") + (stays ? "" : "0\r\n\r\n"));
    for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
    // A reset is as good an end as any.
    await connection.read(new Uint8Array(1)).catch(() => null);
    closed.resolve();
  })();
  using http = Deno.createHttpClient({});
  const gate = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async () => {
    const { body } = await fetch(`http://127.0.0.1:${far.addr.port}/`, { client: http });
    if (body === null) return new Response(null, { status: 502 });
    const stream = relay(body, {
      dialect: openaiChat,
      passUsage: false,
      clock: systemClock,
      watchdog: new ManualWatchdog(),
      limits: { silence: 0, total: 0 },
      onEnd: ended.resolve,
    });
    return new Response(stream);
  });
  await use(`http://127.0.0.1:${gate.addr.port}/`, ended.promise, closed.promise);
  http.close();
  await serving;
  await gate.shutdown();
  far.close();
}

Deno.test("relay() carries a fetched body through Deno.serve", async () => {
  const events = Array.from({ length: 500 }, (_, i) => text(`${i} `));
  await withGate([...events, FINISH, USAGE_ONLY, DONE], false, async (url, ended) => {
    assertEquals(await (await fetch(url)).text(), events.join("") + FINISH + DONE);
    const { outcome, usage } = await ended;
    assertEquals([outcome, usage], ["done", USAGE]);
  });
});

Deno.test("relay() closes the upstream's connection when a client leaves", async () => {
  await withGate([text("a")], true, async (url, ended, upstreamClosed) => {
    const { body } = await fetch(url);
    const reader = body?.getReader();
    assertEquals(new TextDecoder().decode((await reader?.read())?.value), text("a"));
    await reader?.cancel();
    assertEquals((await ended).outcome, "client_left");
    await upstreamClosed;
  });
});

Deno.test("relay() breaks the client's connection when it cannot tell of a failure", async () => {
  const half = "data: " + "x".repeat(MAX_HELD);
  await withGate([half], false, async (url, ended) => {
    const answer = await fetch(url);
    const error = await assertRejects(() => answer.text(), TypeError);
    assertStringIncludes(error.message, "body");
    assertEquals((await ended).outcome, "truncated");
  });
});
