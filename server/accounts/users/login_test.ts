import { assert, assertEquals, assertRejects } from "@std/assert";
import { GatehouseError } from "../../errors/mod.ts";
import { Secret } from "../../secrets/mod.ts";
import { outcome, PASSWORD, usersFixture } from "./users_fixture.ts";
import type { Users } from "./users.ts";

const WRONG = new Secret("wrong");
const MINUTE = 60_000;

interface Try {
  readonly username?: string;
  readonly password?: Secret;
  readonly address?: string | null;
}

function login(users: Users, { username = "ann", password = PASSWORD, address = null }: Try = {}): Promise<unknown> {
  return users.authenticate({ username, password, address });
}

/** The outcomes of so many logins, one after the other. */
async function logins(users: Users, count: number, each: (n: number) => Try): Promise<string[]> {
  const outcomes: string[] = [];
  for (let n = 0; n < count; n++) outcomes.push(await outcome(login(users, each(n))));
  return outcomes;
}

function times(count: number, value: string): string[] {
  return Array.from({ length: count }, () => value);
}

async function retryAfter(work: Promise<unknown>): Promise<number | null> {
  const error = await assertRejects(() => work, GatehouseError);
  assertEquals(error.code, "too_many_attempts");
  return error.retryAfterSeconds;
}

async function withAnn() {
  const fixture = await usersFixture();
  const ann = await fixture.users.create({ username: "ann", password: PASSWORD });
  return { ...fixture, ann, [Symbol.asyncDispose]: fixture[Symbol.asyncDispose] };
}

Deno.test("authenticate() gives the user to name and password, in any case of the name", async () => {
  await using fixture = await withAnn();
  for (const username of ["ann", "ANN"]) assertEquals(await login(fixture.users, { username }), fixture.ann);
});

Deno.test("authenticate() tells unknown names, wrong passwords and disabled users alike, after the same work", async () => {
  await using fixture = await withAnn();
  const { users, hasher, store } = fixture;
  const dan = await users.create({ username: "dan", password: PASSWORD });
  await users.change(dan.id, { disabled: true });
  const tries: Try[] = [
    { password: WRONG },
    { username: "nobody-here" },
    { username: "no name at all" },
    { username: "dan" },
    { password: new Secret("") },
    { password: new Secret("x".repeat(100_000)) },
  ];
  const seen = new Set<string>();
  for (const one of tries) {
    const before = [hasher.verified.length, store.count("get")] as const;
    const error = await assertRejects(() => login(users, one), GatehouseError);
    const work = [hasher.verified.length - before[0], store.count("get") - before[1]];
    seen.add(JSON.stringify([error.toBody(), error.retryAfterSeconds, work]));
  }
  assertEquals(seen.size, 1, [...seen].join("\n"));
  assert([...seen][0]?.includes("invalid_credentials"));
});

Deno.test("the 11th attempt within 5 minutes is refused for that account and network alone, in every form of its name", async () => {
  await using fixture = await withAnn();
  const { users, clock, hasher } = fixture;
  await users.create({ username: "bob", password: PASSWORD });
  assertEquals(await logins(users, 10, () => ({ password: WRONG })), times(10, "invalid_credentials"));
  const verified = hasher.verified.length;
  await clock.advance(MINUTE + 500);
  assertEquals(await retryAfter(login(users)), 240);
  assertEquals(await retryAfter(login(users, { username: "ANN" })), 240);
  assertEquals(hasher.verified.length, verified, "refused without a hash");
  await login(users, { username: "bob" });
  await login(users, { address: "192.0.2.1" });

  await clock.advance(4 * MINUTE - 501);
  assertEquals(await retryAfter(login(users)), 1);
  await clock.advance(1);
  await login(users);
});

Deno.test("names without an account are limited like those with one", async () => {
  await using fixture = await withAnn();
  const outcomes = await logins(fixture.users, 11, () => ({ username: "nobody-here" }));
  assertEquals(outcomes, [...times(10, "invalid_credentials"), "too_many_attempts"]);
});

Deno.test("each failure counts for 5 minutes of its own", async () => {
  await using fixture = await withAnn();
  const { users, clock } = fixture;
  await logins(users, 5, () => ({ password: WRONG }));
  await clock.advance(2 * MINUTE);
  await logins(users, 5, () => ({ password: WRONG }));
  await clock.advance(3 * MINUTE);
  const outcomes = await logins(users, 6, () => ({ password: WRONG }));
  assertEquals(outcomes, [...times(5, "invalid_credentials"), "too_many_attempts"]);
  assertEquals(await retryAfter(login(users)), 120);
});

Deno.test("the 31st attempt from one address is refused, whatever the names, and other addresses go on", async () => {
  await using fixture = await withAnn();
  const { users } = fixture;
  const address = "192.0.2.1";
  const outcomes = await logins(users, 31, (n) => ({ username: n % 2 ? `user${n}` : `not a name ${n}`, address }));
  assertEquals(outcomes, [...times(30, "invalid_credentials"), "too_many_attempts"]);
  assertEquals(await retryAfter(login(users, { address })), 300);
  await login(users, { address: "192.0.2.2" });
  await login(users, { address: null });
});

Deno.test("whoever guesses locks out nobody but their own network, until 100 guesses of many", async () => {
  await using fixture = await withAnn();
  const { users, hasher } = fixture;
  for (let network = 0; network < 10; network++) {
    const address = `192.0.2.${network}`;
    const outcomes = await logins(users, 11, () => ({ password: WRONG, address }));
    assertEquals(outcomes, [...times(10, "invalid_credentials"), "too_many_attempts"]);
    if (network < 9) await login(users, { address: "198.51.100.1" });
  }
  const verified = hasher.verified.length;
  for (const address of ["198.51.100.1", "2001:db8::1", null]) {
    assertEquals(await retryAfter(login(users, { address })), 300);
  }
  assertEquals(hasher.verified.length, verified, "refused without a hash");
});

Deno.test("all addresses of an IPv6 /64 count as one, and so do both forms of an IPv4 address", async () => {
  await using fixture = await withAnn();
  const { users } = fixture;
  const guess = (n: number) => ({ username: `user${n}`, address: `2001:db8:0:1:${n.toString(16)}::${n}` });
  assertEquals(await logins(users, 31, guess), [...times(30, "invalid_credentials"), "too_many_attempts"]);
  await login(users, { address: "2001:db8:0:2::1" });
  const mapped = (n: number) => ({ username: `user${n}`, address: n % 2 ? "192.0.2.1" : "::ffff:192.0.2.1" });
  assertEquals(await logins(users, 31, mapped), [...times(30, "invalid_credentials"), "too_many_attempts"]);
  await login(users, { address: "192.0.2.2" });
});

Deno.test("an unknown address is not limited", async () => {
  await using fixture = await withAnn();
  const outcomes = await logins(fixture.users, 40, (n) => ({ username: `user${n}` }));
  assertEquals(outcomes, times(40, "invalid_credentials"));
});

Deno.test("a refused attempt counts for nothing: not for the address either", async () => {
  await using fixture = await withAnn();
  const { users, clock } = fixture;
  const address = "192.0.2.1";
  await logins(users, 10, () => ({ password: WRONG, address }));
  assertEquals(await logins(users, 100, () => ({ address })), times(100, "too_many_attempts"));
  assertEquals(await logins(users, 20, (n) => ({ username: `u${n}`, address })), times(20, "invalid_credentials"));
  await clock.advance(5 * MINUTE);
  await login(users, { address });
});

Deno.test("guesses at the same time cannot be more than the limit", async () => {
  await using fixture = await withAnn();
  const { users, hasher } = fixture;
  const gate = Promise.withResolvers<void>();
  hasher.gate = gate.promise;
  const guesses = Array.from({ length: 50 }, () => outcome(login(users, { password: WRONG })));
  // As long as they are judged, one of them may yet be right and make room.
  assertEquals(await retryAfter(login(users)), 1);
  gate.resolve();
  const outcomes = await Promise.all(guesses);
  assertEquals(outcomes.filter((one) => one === "invalid_credentials").length, 10);
  assertEquals([hasher.verified.length, await retryAfter(login(users))], [10, 300]);
});

Deno.test("a success gives back what it was counted for, and nothing else", async () => {
  await using fixture = await withAnn();
  const { users } = fixture;
  const address = "192.0.2.1";
  assertEquals(await logins(users, 40, () => ({ address })), times(40, "ok"));
  await logins(users, 9, () => ({ password: WRONG, address }));
  assertEquals(await logins(users, 5, () => ({ address })), times(5, "ok"));
  assertEquals(await outcome(login(users, { password: WRONG, address })), "invalid_credentials");
  assertEquals(await outcome(login(users, { address })), "too_many_attempts");
});

Deno.test("an attempt that was never judged is given back", async () => {
  await using fixture = await withAnn();
  const { users, hasher, store } = fixture;
  hasher.fault = new GatehouseError("too_many_attempts", "Full", { retryAfterSeconds: 2 });
  assertEquals(await logins(users, 20, () => ({ password: WRONG })), times(20, "too_many_attempts"));
  hasher.fault = null;
  store.fail({ kind: "unavailable" });
  assertEquals(await logins(users, 20, () => ({ password: WRONG })), times(20, "storage_unavailable"));
  store.heal();
  await login(users);
});

Deno.test("no more than 10,000 counts are kept: what was counted longest ago is forgotten", async () => {
  await using fixture = await withAnn();
  const { users } = fixture;
  await logins(users, 10, () => ({ username: "first" }));
  await logins(users, 10, () => ({ username: "second" }));
  await logins(users, 9_999, (n) => ({ username: `user${n}` }));
  assertEquals(await outcome(login(users, { username: "second" })), "too_many_attempts");
  assertEquals(await outcome(login(users, { username: "first" })), "invalid_credentials");
});
