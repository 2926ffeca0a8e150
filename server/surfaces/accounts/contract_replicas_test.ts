import { assert, assertEquals } from "@std/assert";
import { type Gate, json, startGate } from "../../testing/mod.ts";
import {
  ADMIN_PASSWORD,
  type Answer,
  codeOf,
  House,
  JWT_SECRET,
  PASSWORD,
  startHouse,
  str,
} from "./contract_fixture_test.ts";

/** Three servers on one store; the first is the house's own. */
class Three implements AsyncDisposable {
  constructor(readonly first: House, readonly second: House, readonly third: House, readonly others: readonly Gate[]) {}

  get all(): readonly House[] {
    return [this.first, this.second, this.third];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const gate of this.others) await gate[Symbol.asyncDispose]();
    await this.first[Symbol.asyncDispose]();
  }
}

async function three(): Promise<Three> {
  const first = await startHouse();
  const env = {
    AUTH: "required",
    REGISTRATION: "open",
    JWT_SECRET,
    PRICES_FILE: `${first.dir}/prices.json`,
    DATA_DIR: `${first.gate.dir}/data`,
  };
  const others: Gate[] = [];
  const next = async () => {
    const gate = await startGate(first.upstream, { env, clock: first.clock });
    others.push(gate);
    return new House(gate, first.upstream, first.clock, first.dir);
  };
  return new Three(first, await next(), await next(), others);
}

/** Asks until the answer has the status, for at most two seconds. */
async function until(status: number, ask: () => Promise<Answer>): Promise<Answer> {
  for (let round = 0;; round++) {
    const answer = await ask();
    if (answer.status === status || round === 20) return answer;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

const TEN = [{ role: "user", content: "x".repeat(40) }];
const used = () =>
  json(
    JSON.stringify({
      choices: [{ index: 0, message: { content: "x" } }],
      usage: { prompt_tokens: 10, completion_tokens: 100 },
    }),
  );

Deno.test("a login, a key and a user of one replica are good at all", async () => {
  await using it = await three();
  const ann = await it.first.user("ann");
  const key = await it.second.key(ann.access);
  for (const house of it.all) {
    assertEquals((await house.chat(key.key)).status, 200);
    assertEquals((await house.call("GET", "/users/me", ann.access)).status, 200);
    assertEquals((await house.token("ann")).status, 200);
  }
});

Deno.test("64 at once over three replicas against a budget for ten: exactly ten are served", async () => {
  await using it = await three();
  it.first.upstream.answer = used;
  const ann = await it.first.user("ann");
  await it.first.limit(ann.id, { budget: { amount_micros: 10 * 1025, period: "day" } });
  const key = await it.first.key(ann.access);
  const asking = Array.from({ length: 64 }, (_, n) => it.all[n % 3]?.chat(key.key, { messages: TEN, max_tokens: 100 }));
  const answers = await Promise.all(asking);
  assertEquals(answers.filter((answer) => answer?.status === 200).length, 10);
  for (const answer of answers) if (answer?.status !== 200) assertEquals(answer && codeOf(answer), "budget_exceeded");
});

Deno.test("64 at once over three replicas against ten requests a minute: exactly ten are served", async () => {
  await using it = await three();
  const ann = await it.first.user("ann");
  const key = await it.first.key(ann.access, { rpm: 10 });
  const answers = await Promise.all(Array.from({ length: 64 }, (_, n) => it.all[n % 3]?.chat(key.key)));
  assertEquals(answers.filter((answer) => answer?.status === 200).length, 10);
});

Deno.test("a key revoked, a user disabled and a password changed at one replica are so at the others within a second", async () => {
  await using it = await three();
  const { first, second, third } = it;
  const ann = await first.user("ann");
  const [key, other] = [await first.key(ann.access), await first.key(ann.access)];
  for (const house of it.all) {
    for (const credential of [key.key, other.key, ann.access]) assertEquals((await house.chat(credential)).status, 200);
  }
  await first.call("DELETE", `/keys/${key.id}`, ann.access);
  first.clock.skip(1_000);
  for (const house of [second, third]) assertEquals((await until(401, () => house.chat(key.key))).status, 401);
  await first.limit(ann.id, { disabled: true });
  first.clock.skip(1_000);
  for (const house of [second, third]) {
    assertEquals((await until(401, () => house.chat(other.key))).status, 401);
    assertEquals((await until(401, () => house.chat(ann.access))).status, 401);
  }
  await first.limit(ann.id, { disabled: false });
  const login = await until(200, () => second.token("ann"));
  const access = str(login.json["access_token"]);
  assertEquals((await until(200, () => third.call("GET", "/users/me", access))).status, 200);
  const changed = await first.call("POST", "/users/me/password", access, {
    current_password: PASSWORD,
    new_password: "a brand new pass phrase",
  });
  assertEquals(changed.status, 204, changed.text);
  first.clock.skip(1_000);
  for (const house of [second, third]) {
    assertEquals((await until(401, () => house.call("GET", "/users/me", access))).status, 401);
    assertEquals((await until(401, () => house.token("ann"))).status, 401);
  }
});

Deno.test("a model list narrowed at one replica binds at the others within a second", async () => {
  await using it = await three();
  const ann = await it.first.user("ann");
  const key = await it.first.key(ann.access);
  for (const house of it.all) assertEquals((await house.chat(key.key)).status, 200);
  await it.first.call("PATCH", `/keys/${key.id}`, ann.access, { models: ["m9"] });
  it.first.clock.skip(1_000);
  for (const house of it.all) assertEquals((await until(403, () => house.chat(key.key))).status, 403);
});

Deno.test("one refresh token shown to three replicas at once has one successor", async () => {
  await using it = await three();
  const ann = await it.first.user("ann");
  const form = () => new URLSearchParams({ grant_type: "refresh_token", refresh_token: ann.refresh });
  const answers = await Promise.all(
    Array.from({ length: 12 }, (_, n) => it.all[n % 3]?.call("POST", "/token", null, form())),
  );
  assertEquals(new Set(answers.map((answer) => answer?.status)), new Set([200]));
  assertEquals(new Set(answers.map((answer) => answer?.json["refresh_token"])).size, 1);
});

Deno.test("one name registered at three replicas at once is one user", async () => {
  await using it = await three();
  const asking = Array.from(
    { length: 12 },
    (_, n) => it.all[n % 3]?.call("POST", "/users", null, { username: "ann", password: PASSWORD }),
  );
  const made = (await Promise.all(asking)).map((answer) => answer?.status).sort();
  assertEquals(made, [201, ...Array(11).fill(409)]);
});

Deno.test("usage of all replicas is summed at each", async () => {
  await using it = await three();
  const ann = await it.first.user("ann");
  for (const house of it.all) await house.chat(ann.access);
  for (const house of it.all) {
    const [row] = await house.eventually(ann.access, "", ([first]) => first?.["requests"] === 3);
    assertEquals([row?.["requests"], row?.["prompt_tokens"], row?.["completion_tokens"]], [3, 15, 6]);
  }
});

Deno.test("ADMIN_PASSWORD of a later start neither changes nor revives the administrator", async () => {
  await using house = await startHouse();
  const id = str((await house.call("GET", "/users/me", await house.admin())).json["user_id"]);
  const env = { AUTH: "required", JWT_SECRET, ADMIN_USERNAME: "root", DATA_DIR: `${house.gate.dir}/data` };
  {
    await using later = await startGate(house.upstream, {
      env: { ...env, ADMIN_PASSWORD: "quite another password" },
      clock: house.clock,
    });
    const other = new House(later, house.upstream, house.clock, house.dir);
    assertEquals((await other.token("root", "quite another password")).status, 401);
    assertEquals((await other.token("root", ADMIN_PASSWORD)).status, 200);
  }
  const ann = await house.user("ann");
  await house.limit(ann.id, { role: "admin" });
  const login = await house.login("ann");
  assertEquals((await house.call("DELETE", `/users/${id}`, login.access)).status, 204);
  await using later = await startGate(house.upstream, { env: { ...env, ADMIN_PASSWORD }, clock: house.clock });
  const other = new House(later, house.upstream, house.clock, house.dir);
  assertEquals((await other.token("root", ADMIN_PASSWORD)).status, 401);
});

Deno.test("tokens and keys outlive a restart, with a configured secret and with one that was made and kept", async () => {
  for (const secret of ["", JWT_SECRET]) {
    await using house = await startHouse({ JWT_SECRET: secret });
    const ann = await house.user("ann");
    const key = await house.key(ann.access);
    await house.gate.app.stop();
    const env = { AUTH: "required", JWT_SECRET: secret, DATA_DIR: `${house.gate.dir}/data` };
    await using later = await startGate(house.upstream, { env, clock: house.clock });
    const again = new House(later, house.upstream, house.clock, house.dir);
    assertEquals((await again.call("GET", "/users/me", ann.access)).status, 200);
    assertEquals((await again.chat(key.key)).status, 200);
    const form = new URLSearchParams({ grant_type: "refresh_token", refresh_token: ann.refresh });
    assertEquals((await again.call("POST", "/token", null, form)).status, 200);
  }
});

Deno.test("off loopback the server starts only with an account, demands a credential, and registers nobody", async () => {
  await using house = await startHouse();
  const empty = await startGate(house.upstream, { env: { HOST: "0.0.0.0" } }).then((gate) => gate, () => null);
  if (empty !== null) await empty[Symbol.asyncDispose]();
  assertEquals(empty, null, "a server without accounts started on 0.0.0.0");
  await using gate = await startGate(house.upstream, {
    env: { HOST: "0.0.0.0", ADMIN_USERNAME: "root", ADMIN_PASSWORD },
  });
  const url = `http://127.0.0.1:${gate.app.url.port}`;
  for (const path of ["/v1/models", "/users/me", "/users", "/health", "/metrics", "/api/v1/llm/usage"]) {
    const answer = await fetch(url + path);
    assertEquals(answer.status, 401, path);
    await answer.body?.cancel();
  }
  const body = JSON.stringify({ username: "eve", password: PASSWORD });
  const made = await fetch(`${url}/users`, { method: "POST", body, headers: { "content-type": "application/json" } });
  assert(made.status === 401 || made.status === 403, `${made.status}`);
  await made.body?.cancel();
  for (const path of ["/health/live", "/health/ready"]) {
    const answer = await fetch(url + path);
    assertEquals(answer.status, 200, path);
    await answer.body?.cancel();
  }
});

Deno.test("a client of a remote provider: the token expires in mid-use, 401, one refresh, one retry, success, open mode too", async () => {
  for (const mode of ["required", "auto"]) {
    await using house = await startHouse({ AUTH: mode, ACCESS_TOKEN_EXPIRE_MINUTES: "1" });
    let { access, refresh } = await house.user("ann");
    const ask = () => house.call("POST", "/api/v1/llm/chat", access, { messages: TEN });
    assertEquals((await ask()).status, 200);
    house.clock.skip(61_000);
    assertEquals((await ask()).status, 401);
    const next = await house.call(
      "POST",
      "/token",
      null,
      new URLSearchParams({ grant_type: "refresh_token", refresh_token: refresh }),
    );
    [access, refresh] = [str(next.json["access_token"]), str(next.json["refresh_token"])];
    const again = await ask();
    assertEquals([again.status, again.json["content"]], [200, "hi"]);
  }
});
