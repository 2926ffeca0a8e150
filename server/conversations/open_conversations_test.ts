import { assert, assertEquals } from "@std/assert";
import { monotonicUlid } from "@std/ulid";
import { FakeClock, settle } from "../effects/fake_clock.ts";
import { GatehouseError } from "../errors/mod.ts";
import { createInference, type Inference } from "../inference/mod.ts";
import { createHttpClient, createWatchdog } from "../network/mod.ts";
import { memoryLocks, memoryStore, withFaults } from "../storage/testing.ts";
import { createMetrics, silentLogger } from "../telemetry/mod.ts";
import { chunk, DONE, events, Feed, FINISH, MockUpstream, settingsIn, USAGE } from "../testing/mod.ts";
import { createUpstream, type Upstream } from "../upstream/mod.ts";
import { createAdmissions, createPrices } from "../usage/mod.ts";
import { openConversations } from "./open_conversations.ts";
import { FakeModel } from "./turns/fake_model_fixture.ts";
import { readAll, request, stored, told, USER } from "./turns/turns_fixture.ts";

/** Real calls to a real server on loopback. */
function calling(mock: MockUpstream, clock: FakeClock) {
  const log = silentLogger;
  const watchdog = createWatchdog(clock);
  const http = createHttpClient({ settings: settingsIn("/none", { LLM_API_URL: mock.chatUrl }).network, clock, log });
  const { upstream: { settings, credential } } = new FakeModel();
  const upstream: Upstream = createUpstream({
    settings: { ...settings, chatUrl: new URL(mock.chatUrl) },
    credential,
    http,
    watchdog,
  });
  const inference: Inference = createInference({
    clock,
    watchdog,
    metrics: createMetrics({ clock, version: "0", upstreams: ["u"], routes: [] }),
    admissions: createAdmissions({
      ledger: { open: () => ({ end: () => null, unused() {} }) },
      limiter: { reserve: () => Promise.reject(new Error("nobody is limited here")) },
      prices: createPrices(null),
    }),
  });
  const close = () => {
    http.close();
    watchdog.close();
  };
  return { upstream, inference, close };
}

/** Waits for what comes over the network. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await settle();
}

Deno.test("a turn is a call to the upstream, and its end aborts that at once", async () => {
  await using mock = new MockUpstream();
  const clock = new FakeClock();
  using store = closing(await memoryStore());
  const { upstream, inference, close } = calling(mock, clock);
  const conversations = await openConversations({
    store: store.it,
    locks: memoryLocks(clock),
    resolve: () => ({ upstream, models: new FakeModel().models }),
    inference,
    clock,
    newId: () => monotonicUlid(clock.now()),
    log: silentLogger,
  });
  const { turns } = conversations;
  mock.answer = () => events(chunk("h"), chunk("i"), FINISH, USAGE, DONE);
  const whole = await turns.begin(request("hello"));
  assertEquals(told(await readAll(whole)), ["session", "h", "i", "done: complete"]);
  assertEquals((await whole.ended).usage?.usage.total_tokens, 7);

  for (const end of ["stop", "grace", "signal", "drain"] as const) {
    const feed = new Feed();
    mock.answer = () => feed.response;
    feed.send(chunk("half"));
    const client = new AbortController();
    const grace = end === "signal" ? null : 20_000;
    const turn = await turns.begin(request("more", { sessionId: whole.sessionId, grace, signal: client.signal }));
    let text = "";
    const reading = (async () => {
      for await (const event of turn.events(0, client.signal)) if (event.type === "chunk") text += event.text;
    })().catch(() => {});
    await until(() => text === "half");
    if (end === "stop") assertEquals(await turns.stop(USER, turn.sessionId), [turn.replyId]);
    else if (end === "drain") {
      inference.endAll(new GatehouseError("draining", "Cannot go on: the server is stopping"));
    } else client.abort();
    if (end === "grace") await clock.advance(20_000);
    const { message, failure } = await turn.ended;
    await feed.left;
    assertEquals([message?.content, message?.status], ["half", end === "drain" ? "failed" : "stopped"]);
    assertEquals(failure !== null, end === "drain");
    await reading;
  }
  await conversations.close();
  await conversations.close();
  close();
  assertEquals([clock.pending, inference.open], [0, 0]);
});

Deno.test("what a crash has left is ended at the next start, without anybody asking for it", async () => {
  const clock = new FakeClock();
  using store = closing(await memoryStore());
  const locks = memoryLocks(clock);
  const model = new FakeModel();
  const { upstream, models } = model;
  const start = async () => {
    const view = withFaults(store.it, clock);
    const life = { isOver: false };
    const die = () => {
      life.isOver = true;
      view.fail({ kind: "hang" });
      locks.lose("conversations-0");
    };
    const conversations = await openConversations({
      store: view,
      locks: { acquire: (name, options) => life.isOver ? new Promise(() => {}) : locks.acquire(name, options) },
      resolve: () => ({ upstream, models }),
      inference: { ...model.inference, bytes: unasked, open: 0, idle: () => Promise.resolve(), endAll() {} },
      clock,
      newId: () => monotonicUlid(clock.now()),
      log: silentLogger,
    });
    return { die, ...conversations };
  };
  const first = await start();
  const turn = await first.turns.begin(request("hi", { grace: null }));
  model.last.say("as far as it got");
  await clock.advance(1_500);
  first.die();
  const second = await start();
  // Opening the session would end it, too.
  for (let count = 1; count === 1; await settle()) {
    count = (await second.library.list(USER, { limit: 1, cursor: null }, null)).items[0]?.messageCount ?? 1;
  }
  const lines = await stored(second, turn.sessionId);
  assertEquals(lines, ["user complete: hi", "assistant failed: as far as it got"]);
  await second.close();
  assert(!locks.isHeld("conversations-0"));
});

const unasked = () => Promise.reject(new Error("not asked here"));

function closing<T extends { close(): void }>(it: T): { readonly it: T; [Symbol.dispose](): void } {
  return { it, [Symbol.dispose]: () => it.close() };
}
