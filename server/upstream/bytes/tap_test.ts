import { assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { FakeClock } from "../../effects/fake_clock.ts";
import { usageOfJson, usageOfTail } from "./json_usage.ts";
import { openaiChat } from "./openai_chat.ts";
import { Client, ManualWatchdog, Upstream, USAGE } from "./relay_fixture.ts";
import type { RelayEnd } from "./relay_options.ts";
import { tapJson } from "./tap.ts";

const utf8 = (text: string) => new TextEncoder().encode(text);
const ofJson = (text: string) => usageOfJson(openaiChat, utf8(text));
const ofTail = (text: string) => usageOfTail(openaiChat, utf8(text));

function begin() {
  const upstream = new Upstream();
  const watchdog = new ManualWatchdog();
  const ends: RelayEnd[] = [];
  const stream = tapJson(upstream.body, {
    dialect: openaiChat,
    clock: new FakeClock(),
    watchdog,
    limits: { silence: 120_000, total: 0, every: 15_000 },
    onEnd: (end) => ends.push(end),
  });
  return { upstream, watchdog, ends, client: new Client(stream) };
}

Deno.test("usageOfJson() reads the top-level usage", () => {
  assertEquals(ofJson(`{"choices":[{"usage":{"prompt_tokens":9}}],"usage":${JSON.stringify(USAGE)}}`), USAGE);
  for (const text of ["", "{}", "[]", '{"usage":null}', '{"usage":{', '{"a":{"usage":{"prompt_tokens":9}}}']) {
    assertEquals(ofJson(text), null);
  }
});

Deno.test("usageOfTail() reads the usage that stands near the end", () => {
  const usage = `"usage":${JSON.stringify(USAGE)}`;
  assertEquals(ofTail(`ial text"}}],${usage}}`), USAGE);
  assertEquals(ofTail(`ial text"}}],${usage},"system_fingerprint":"é","x":{"usage":{"prompt_tokens":9}} }\n`), USAGE);
});

Deno.test("usageOfTail() is not taken in by content or by usage of something else", () => {
  const cases = [
    '"a":{"usage":{"prompt_tokens":9}}}',
    'text \\"usage\\":{\\"prompt_tokens\\":9}"}',
    '"usage":{"prompt',
    "",
  ];
  for (const text of cases) assertEquals(ofTail(text), null);
});

Deno.test("usageOfTail() agrees with usageOfJson() wherever the answer was cut before it", () => {
  fc.assert(fc.property(fc.jsonValue(), fc.jsonValue(), fc.nat(), (before, after, at) => {
    const text = JSON.stringify({ before, usage: USAGE, after });
    const cut = at % text.lastIndexOf('"usage":{"prompt_tokens":3');
    assertEquals(ofTail(text.slice(cut)), USAGE);
  }));
});

Deno.test("tapJson() passes all bytes on and finds the usage behind a long answer", async () => {
  const { upstream, client, ends } = begin();
  const answer = JSON.stringify({ choices: [{ message: { content: "x\n".repeat(150_000) } }], usage: USAGE });
  upstream.send(answer.slice(0, 200_000));
  const first = await client.next();
  upstream.send(answer.slice(200_000));
  upstream.close();
  assertEquals(first + await client.rest(), answer);
  const { outcome, usage, contentBytes } = ends[0] ?? {};
  assertEquals([ends.length, outcome, usage, contentBytes], [1, "done", USAGE, 300_000]);
});

Deno.test("tapJson() errors the stream on a failure and never writes into it", async () => {
  const { upstream, client, watchdog, ends } = begin();
  upstream.send('{"choices":');
  assertEquals(await client.next(), '{"choices":');
  watchdog.idle();
  watchdog.timeout("silence");
  await assertRejects(() => client.next());
  assertEquals(ends.map((end) => end.outcome), ["silent"]);
});
