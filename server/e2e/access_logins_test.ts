import { assertEquals, assertGreater } from "@std/assert";
import { Api, getTokens, postToken } from "./api.ts";
import type { Gate } from "./gate.ts";
import { Install } from "./install.ts";
import { counts } from "./options.ts";
import { report } from "./report.ts";
import { interpretStream } from "./sse.ts";
import { textOf } from "./upstream_answer.ts";
import { Upstream } from "./upstream.ts";
import { eventually, pause } from "./wait.ts";

const STREAMS = 200;
const CHUNKS = 40;
const EVERY_MS = 75;
const LOGINS = 20;
const PASSWORD = "a password that is right";
/** Failed logins of one account, after which it is not asked any more. */
const FAILURES = 10;

Deno.test(`${STREAMS} streams go on while ${LOGINS} users log in at once`, async (t) => {
  await using upstream = await Upstream.start("everybody");
  await using install = await Install.make(upstream.environment());
  await using gates = await install.start(1);
  const gate = gates.at(0);
  const admin = await install.admin(gate);
  const users = Array.from({ length: LOGINS }, (_, n) => `user${n}`);
  for (const username of users) await admin.json("POST", "/users", { username, password: PASSWORD }, 201);
  const { key } = await admin.createKey({ name: "streams" });
  const api = new Api(gate.url, key);
  for (let round = 0; round < counts.loginRounds; round++) {
    await t.step(`round ${round + 1}`, async () => {
      const alone = await stream(api, upstream, `alone-${round}`, () => Promise.resolve());
      const beside = await stream(api, upstream, `beside-${round}`, () => logIn(gate, api, users));
      report(
        `time between chunks (upstream: ${EVERY_MS} ms), alone: ${figures(alone)}; beside logins: ${figures(beside)}`,
      );
    });
  }
  await gates.stop();
});

Deno.test(`after ${FAILURES} failed logins an account is not asked any more, and others are`, async () => {
  await using install = await Install.make({ DEMO: "1" });
  await using gates = await install.start(1);
  const { url } = gates.at(0);
  const admin = await install.admin(gates.at(0));
  for (const username of ["ann", "bob"]) {
    await admin.json("POST", "/users", { username, password: PASSWORD }, 201);
  }
  const fail = async (username: string) => {
    const response = await postToken(url, { username, password: "a wrong password" });
    const { error, code } = oauthOrOurs(await response.json());
    return { status: response.status, code: code ?? error, wait: Number(response.headers.get("retry-after")) };
  };
  // At the same time, so that they cannot be more than the limit by being fast.
  const answers = await Promise.all(Array.from({ length: 2 * FAILURES }, () => fail("ann")));
  assertEquals(answers.filter(({ status }) => status === 401).length, FAILURES, JSON.stringify(answers));
  const { status, code, wait } = await fail("ANN");
  assertEquals({ status, code }, { status: 429, code: "too_many_attempts" });
  assertGreater(wait, 60);
  const right = await postToken(url, { username: "ann", password: PASSWORD });
  assertEquals(right.status, 429, await right.text());
  await getTokens(url, { username: "bob", password: PASSWORD });
  await gates.stop();
});

/** Runs the streams, and something beside them once all have begun. @returns milliseconds between chunks, of all streams */
async function stream(
  api: Api,
  upstream: Upstream,
  prefix: string,
  beside: () => Promise<void>,
): Promise<readonly number[]> {
  const gaps: number[] = [];
  let begun = 0;
  const streams = Array.from({ length: STREAMS }, async () => {
    const messages = [{ role: "user", content: `slow-${CHUNKS}-${EVERY_MS}` }];
    const response = await api.ask("POST", "/v1/chat/completions", { messages, stream: true });
    assertEquals(response.status, 200);
    let raw = "";
    let last = NaN;
    const body = response.body ?? new ReadableStream<Uint8Array<ArrayBuffer>>({ start: (it) => it.close() });
    for await (const text of body.pipeThrough(new TextDecoderStream())) {
      const now = performance.now();
      if (raw === "") begun++;
      else gaps.push(now - last);
      last = now;
      raw += text;
    }
    const { text, done } = interpretStream(raw);
    assertEquals({ text, done }, { text: textOf(CHUNKS), done: true });
  });
  const all = Promise.all(streams);
  await Promise.race([all, eventually(() => Promise.resolve(begun === STREAMS || undefined), `${prefix} to begin`)]);
  const results = await Promise.allSettled([all, beside()]);
  for (const result of results) if (result.status === "rejected") throw result.reason;
  assertEquals(
    (await upstream.requests()).filter(({ state }) => state !== "done"),
    [],
    "streams that did not end well",
  );
  return gaps;
}

/** All at once; the gate says meanwhile how it is. */
async function logIn(gate: Gate, api: Api, users: readonly string[]): Promise<void> {
  const startedAt = performance.now();
  let healthiest = 0;
  let slowest = 0;
  let over = false;
  const watching = (async () => {
    while (!over) {
      const askedAt = performance.now();
      const { status } = await api.json<{ status: string }>("GET", "/health");
      assertEquals(status, "ok");
      slowest = Math.max(slowest, performance.now() - askedAt);
      healthiest++;
      await pause(10);
    }
  })();
  const logins = Promise.all(users.map((username) => getTokens(gate.url, { username, password: PASSWORD })));
  await Promise.all([logins.finally(() => over = true), watching]);
  report(
    `${users.length} logins in ${Math.round(performance.now() - startedAt)} ms, beside ${healthiest} answers of ` +
      `/health, the slowest after ${slowest.toFixed(0)} ms`,
  );
}

function figures(gaps: readonly number[]): string {
  const sorted = gaps.toSorted((a, b) => a - b);
  const at = (part: number) => (sorted[Math.floor((sorted.length - 1) * part)] ?? NaN).toFixed(0);
  return `p50 ${at(0.5)}, p99 ${at(0.99)}, max ${at(1)} ms`;
}

/** The code of an error body, whichever of the two shapes it has. */
function oauthOrOurs(body: { readonly error: string | { readonly code: string } }): { error?: string; code?: string } {
  return typeof body.error === "string" ? { error: body.error } : { code: body.error.code };
}
