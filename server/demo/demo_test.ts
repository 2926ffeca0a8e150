import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { FakeClock } from "../effects/fake_clock.ts";
import { silentLogger } from "../telemetry/mod.ts";
import { withDemo } from "./demo_fixture.ts";
import { InstantClock } from "./instant_clock.ts";
import { startDemo } from "./mod.ts";

Deno.test("startDemo() gives settings that lead all the way to an answer", () =>
  withDemo(async ({ upstream, credential, token, modelStatus }) => {
    assertEquals([upstream.name, upstream.defaultModel, credential.clientAuth], ["demo", "demo", "none"]);
    const pair = await token({ grant_type: "refresh_token", refresh_token: credential.refreshToken?.reveal() ?? "" });
    assertEquals(await modelStatus(pair.access_token), 200);
    const answer = await fetch(upstream.chatUrl, {
      method: "POST",
      headers: { authorization: `Bearer ${pair.access_token}` },
      body: JSON.stringify({ model: "demo", messages: [{ role: "user", content: "Count to 3" }] }),
    });
    assertEquals((await answer.json()).choices[0].message.content, "1\n2\n3");
  }, new InstantClock()));

Deno.test("startDemo() makes a new seed every time and listens on loopback only", async () => {
  const options = { clock: new FakeClock(), log: silentLogger };
  const demos = [await startDemo(options), await startDemo(options)];
  const credentials = demos.map((demo) => demo.upstream.credential);
  const seeds = credentials.map((found) => found.kind === "oauth2" ? found.refreshToken?.reveal() : undefined);
  assertNotEquals(seeds[0], seeds[1]);
  for (const { upstream } of demos) {
    assertEquals([upstream.chatUrl.hostname, upstream.modelsUrl?.hostname], ["127.0.0.1", "127.0.0.1"]);
  }
  await Promise.all(demos.map((demo) => demo.stop()));
});

Deno.test("startDemo() takes the ports that are asked for, and lets go when one is taken", async () => {
  const clock = new FakeClock();
  const first = await startDemo({ clock, log: silentLogger });
  const taken = Number(first.upstream.chatUrl.port);
  await assertRejects(() => startDemo({ clock, log: silentLogger, ports: { model: taken } }), Deno.errors.AddrInUse);
  await first.stop();
  const second = await startDemo({ clock, log: silentLogger, ports: { model: taken } });
  assertEquals(Number(second.upstream.chatUrl.port), taken);
  await second.stop();
});

Deno.test("stop() breaks off what is being answered, so that no stream ends as if it were whole", async () => {
  const demo = await startDemo({ clock: new FakeClock(), log: silentLogger });
  const { credential, chatUrl } = demo.upstream;
  assert(credential.kind === "oauth2" && credential.tokenUrl !== null && credential.refreshToken !== null);
  const body = new URLSearchParams({
    grant_type: "refresh_token",
    client_id: credential.clientId,
    refresh_token: credential.refreshToken.reveal(),
  });
  const pair = await (await fetch(credential.tokenUrl, { method: "POST", body })).json();
  const response = await fetch(chatUrl, {
    method: "POST",
    headers: { authorization: `Bearer ${pair.access_token}` },
    body: JSON.stringify({ model: "demo", stream: true, messages: [{ role: "user", content: "hi" }] }),
  });
  const reader = response.body?.getReader();
  assert(reader !== undefined);
  await reader.read();
  await Promise.all([demo.stop(), assertRejects(() => reader.read())]);
});
