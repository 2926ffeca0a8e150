import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { ulid } from "@std/ulid";
import { GatehouseError } from "../../errors/mod.ts";
import { Secret } from "../../secrets/mod.ts";
import { openVault } from "../../storage/mod.ts";
import { type FaultyStore, withFaults } from "../../storage/testing.ts";
import { silentLogger } from "../../telemetry/mod.ts";
import { askingAt } from "../asking_fixture.ts";
import type { Keys } from "../keys/keys.ts";
import { openKeys } from "../keys/open_keys.ts";
import { openTokens } from "../tokens/open_tokens.ts";
import { INSTALL, JWT_SECRET, MINUTE } from "../tokens/tokens_fixture.ts";
import type { Tokens } from "../tokens/tokens.ts";
import { PASSWORD, type UsersFixture, usersFixture } from "../users/users_fixture.ts";
import type { User, Users } from "../users/users.ts";
import { keyVerifier, tokenVerifier } from "../verifiers.ts";
import { LOCAL_USER, type Who } from "../who.ts";
import { createTickets } from "./create_tickets.ts";
import type { Tickets } from "./tickets.ts";

const SESSION = "01SESSION";
const NOTHING_SHOWN = askingAt("gate.example");

/** One process on the shared store, with faults of its own. */
interface Process {
  readonly tickets: Tickets;
  readonly users: Users;
  readonly keys: Keys;
  readonly tokens: Tokens;
  readonly store: FaultyStore;
}

interface Given extends Omit<UsersFixture, keyof AsyncDisposable> {
  readonly ada: User;
  /** Starts a process. */
  start(): Process;
}

async function withTickets(test: (given: Given) => Promise<void>): Promise<void> {
  await using fixture = await usersFixture();
  const { store: shared, clock } = fixture;
  const sealingKey = new Secret(new Uint8Array(32).fill(7).toBase64());
  const vault = await openVault({ settings: { configDir: "", sealingKey }, log: silentLogger });
  const opened: Keys[] = [];
  function start(): Process {
    const store = withFaults(shared, clock);
    const users = fixture.open({ store });
    const keys = openKeys({ store, clock, newId: ulid, log: silentLogger });
    opened.push(keys);
    const tokens = openTokens({
      store,
      vault,
      clock,
      newId: ulid,
      install: INSTALL,
      secret: JWT_SECRET,
      accessTokenExpire: 30 * MINUTE,
      user: users.get,
      log: silentLogger,
    });
    return { tickets: createTickets({ store, clock, users, keys, tokens }), users, keys, tokens, store };
  }
  const ada = await fixture.users.create({ username: "ada", password: PASSWORD, role: "admin" });
  try {
    await test({ ...fixture, ada, start });
  } finally {
    for (const keys of opened) await keys.close();
  }
}

/** Who asks by a login of `user`, and the way to end it. */
async function byLogin({ tokens, users }: Process, user: User): Promise<{ who: Who; logout(): Promise<void> }> {
  const { accessToken } = await tokens.issue(user);
  const who = await tokenVerifier({ tokens, users })({ ...NOTHING_SHOWN, bearer: accessToken.reveal() });
  assert(who !== null);
  return { who, logout: () => tokens.revoke(accessToken) };
}

/** Who asks by a key of `userId`, and the key's id. */
async function byKey({ keys, users }: Process, userId: string): Promise<{ who: Who; id: string }> {
  const { key, secret } = await keys.create({ userId, name: "ci", models: ["a"], rpm: 5 });
  const who = await keyVerifier({ keys, users, open: true })({ ...NOTHING_SHOWN, bearer: secret.reveal() });
  assert(who !== null);
  return { who, id: key.id };
}

async function refuse(tickets: Tickets, shown: Secret, open = false): Promise<void> {
  const error = await assertRejects(() => tickets.redeem(shown, open), GatehouseError);
  assertEquals(error.code, "invalid_ticket");
}

/** What a Who may do, and as whom. */
function gistOf({ userId, role, via, keyId, models, limited, ticketFor }: Who): Who {
  return { userId, role, via, keyId, models, limited, ticketFor };
}

Deno.test("redeem() gives back who it was issued to, for its session alone, by login and by key", () =>
  withTickets(async ({ ada, start }) => {
    const here = start();
    for (const { who } of [await byLogin(here, ada), await byKey(here, ada.id)]) {
      const ticket = await here.tickets.issue(who, SESSION);
      assertMatch(ticket.reveal(), /^ght_[\w-]{43}$/);
      const redeemed = await start().tickets.redeem(ticket, false);
      assertEquals(gistOf(redeemed), { ...gistOf(who), via: "ticket", ticketFor: SESSION });
    }
  }));

Deno.test("redeem() gives the role, the models and the limits of now, of the user and of the key", () =>
  withTickets(async ({ ada, users, start }) => {
    const here = start();
    const login = await here.tickets.issue((await byLogin(here, ada)).who, SESSION);
    const { who, id } = await byKey(here, ada.id);
    const key = await here.tickets.issue(who, SESSION);
    await users.change(ada.id, { role: "user", models: ["a", "b"], tpm: 9 });
    await here.keys.change(id, { models: [], rpm: 1 });
    const elsewhere = start();
    const user = { kind: "user", id: ada.id, limits: { rpm: null, tpm: 9, budget: null } } as const;
    const byLoginNow = await elsewhere.tickets.redeem(login, false);
    assertEquals([byLoginNow.role, byLoginNow.models, byLoginNow.limited], ["user", [["a", "b"]], [user]]);
    const byKeyNow = await elsewhere.tickets.redeem(key, false);
    assertEquals([byKeyNow.role, byKeyNow.models], ["user", [["a", "b"], []]]);
    assertEquals(byKeyNow.limited, [user, { kind: "key", id, limits: { rpm: 1, tpm: null, budget: null } }]);
  }));

const ends: Readonly<Record<string, (process: Process, user: User) => Promise<unknown>>> = {
  "disabled": ({ users }, { id }) => users.change(id, { disabled: true }),
  "disabled and enabled again": async ({ users }, { id }) => {
    await users.change(id, { disabled: true });
    await users.change(id, { disabled: false });
  },
  "given a new password": ({ users }, { id }) => users.setPassword(id, new Secret("another one")),
  "removed": ({ users }, { id }) => users.remove(id),
  "logged out everywhere": ({ tokens }, { id }) => tokens.revokeAllOf(id),
};
for (const [what, end] of Object.entries(ends)) {
  Deno.test(`redeem() refuses the ticket of a login whose user was ${what}`, () =>
    withTickets(async ({ ada, clock, start }) => {
      const [here, elsewhere] = [start(), start()];
      const { who } = await byLogin(here, ada);
      const [one, two] = [await here.tickets.issue(who, SESSION), await here.tickets.issue(who, SESSION)];
      await end(elsewhere, ada);
      await refuse(elsewhere.tickets, one);
      await clock.advance(999);
      await refuse(here.tickets, two);
    }));
}

Deno.test("redeem() refuses the ticket of a login that has ended, and takes that of another login of the user", () =>
  withTickets(async ({ ada, start }) => {
    const here = start();
    const [one, two] = [await byLogin(here, ada), await byLogin(here, ada)];
    const [ended, other] = [await here.tickets.issue(one.who, SESSION), await here.tickets.issue(two.who, SESSION)];
    await one.logout();
    await refuse(here.tickets, ended);
    await here.tickets.redeem(other, false);
  }));

Deno.test("redeem() refuses the ticket of a key that is revoked, disabled or expired, or whose user is disabled", () =>
  withTickets(async ({ ada, clock, start }) => {
    const here = start();
    const ways: ((id: string) => Promise<unknown>)[] = [
      (id) => here.keys.revoke(id),
      (id) => here.keys.change(id, { disabled: true }),
      (id) => here.keys.change(id, { expiresAt: clock.now() }),
      () => here.users.change(ada.id, { disabled: true }),
    ];
    for (const end of ways) {
      const { who, id } = await byKey(here, ada.id);
      const [good, bad] = [await here.tickets.issue(who, SESSION), await here.tickets.issue(who, SESSION)];
      await here.tickets.redeem(good, false);
      await end(id);
      await refuse(here.tickets, bad);
    }
  }));

for (const [what, end] of Object.entries(ends)) {
  Deno.test(`renew() refuses whom a connection let in by a login, once the user was ${what}`, () =>
    withTickets(async ({ ada, clock, start }) => {
      const [here, elsewhere] = [start(), start()];
      const { who } = await byLogin(here, ada);
      const byTicket = await here.tickets.redeem(await here.tickets.issue(who, SESSION), false);
      for (const one of [who, byTicket]) assertEquals(await here.tickets.renew(one, false), one);
      await end(elsewhere, ada);
      await clock.advance(1000);
      for (const one of [who, byTicket]) assertEquals(await here.tickets.renew(one, false), null);
    }));
}

Deno.test("renew() gives the models and limits of now, and refuses the holder of a revoked key", () =>
  withTickets(async ({ ada, clock, start }) => {
    const here = start();
    const { who, id } = await byKey(here, ada.id);
    await here.keys.change(id, { models: ["b"], rpm: 1 });
    await clock.advance(1000);
    const now = await here.tickets.renew(who, false);
    assertEquals([now?.via, now?.keyId, now?.models], ["api_key", id, [["b"]]]);
    await here.keys.revoke(id);
    assertEquals(await here.tickets.renew(who, false), null);
    assertEquals(await here.tickets.renew(LOCAL_USER, true), LOCAL_USER);
    assertEquals(await here.tickets.renew(LOCAL_USER, false), null);
  }));

Deno.test("redeem() takes tickets of the implicit user, and of a key of that user's, only where the server is open", () =>
  withTickets(async ({ start }) => {
    const { tickets, ...rooms } = start();
    const { who, id } = await byKey({ tickets, ...rooms }, "local");
    for (const [asks, role] of [[LOCAL_USER, "admin"], [who, "user"]] as const) {
      await refuse(tickets, await tickets.issue(asks, SESSION), false);
      const redeemed = await tickets.redeem(await tickets.issue(asks, SESSION), true);
      assertEquals(gistOf(redeemed), { ...gistOf(asks), role, via: "ticket", ticketFor: SESSION });
    }
    const ticket = await tickets.issue(who, SESSION);
    await rooms.keys.revoke(id);
    await refuse(tickets, ticket, true);
  }));

Deno.test("redeem() refuses tickets of those who are nobody", () =>
  withTickets(async ({ start }) => {
    const { tickets } = start();
    for (const userId of ["nobody", "metrics", "01USER"]) {
      const ticket = await tickets.issue({ ...LOCAL_USER, userId, via: "token" }, SESSION);
      await refuse(tickets, ticket, true);
    }
  }));

Deno.test("redeem() spends a ticket: of many processes at once exactly one has it", () =>
  withTickets(async ({ ada, start, store }) => {
    const here = start();
    const ticket = await here.tickets.issue((await byLogin(here, ada)).who, SESSION);
    const endings = await Promise.allSettled(Array.from({ length: 8 }, () => start().tickets.redeem(ticket, false)));
    assertEquals(endings.filter(({ status }) => status === "fulfilled").length, 1);
    for (const ending of endings) {
      if (ending.status === "rejected") assertEquals(ending.reason.code, "invalid_ticket");
    }
    await refuse(start().tickets, ticket);
    assertEquals(await Array.fromAsync(store.list(["ticket"])), []);
  }));

Deno.test("redeem() refuses a ticket after 30 seconds, though the store has not cleared it away", () =>
  withTickets(async ({ clock, start, store }) => {
    const { tickets } = start();
    assertEquals(tickets.expiresIn, 30);
    const [one, two] = [await tickets.issue(LOCAL_USER, "s"), await tickets.issue(LOCAL_USER, "s")];
    clock.jump(29_999);
    await tickets.redeem(one, true);
    clock.jump(1);
    await refuse(tickets, two, true);
    assertEquals((await Array.fromAsync(store.list(["ticket"]))).length, 1);
  }));

Deno.test("redeem() refuses what is no ticket, without asking the store", () =>
  withTickets(async ({ start }) => {
    const { tickets, store } = start();
    const text = (await tickets.issue(LOCAL_USER, "s")).reveal();
    const others = [
      "",
      "ght_",
      text.slice(4),
      text.slice(0, -1),
      `${text}A`,
      `${text}=`,
      `${text}\n`,
      text.toUpperCase(),
    ];
    for (const other of [...others, "ght_".repeat(1_000_000)]) await refuse(tickets, new Secret(other), true);
    assertEquals(store.count("get"), 0);
    await refuse(tickets, new Secret(`ght_${"A".repeat(43)}`), true);
    await tickets.redeem(new Secret(text), true);
  }));

Deno.test("redeem() refuses a ticket whose record is damaged", () =>
  withTickets(async ({ start, store }) => {
    const { tickets } = start();
    const good = {
      v: 2,
      userId: "local",
      keyId: null,
      login: null,
      sessionId: "s",
      expiresAt: Number.MAX_SAFE_INTEGER,
    };
    const bad = [
      null,
      "local",
      { ...good, v: 1 },
      { ...good, userId: 7 },
      { ...good, keyId: undefined },
      { ...good, login: {} },
      { ...good, sessionId: null },
      { ...good, expiresAt: "2099" },
      { v: 1, who: LOCAL_USER, expiresAt: good.expiresAt },
    ];
    const ticket = await tickets.issue(LOCAL_USER, "s");
    const [entry] = await Array.fromAsync(store.list(["ticket"]));
    assert(entry !== undefined);
    for (const value of bad) {
      await store.commit({ puts: [{ key: entry.key, value }] });
      await refuse(tickets, ticket, true);
    }
    await store.commit({ puts: [{ key: entry.key, value: good }] });
    await tickets.redeem(ticket, true);
  }));

Deno.test("the store does not hold the ticket, so whoever reads it cannot use one", () =>
  withTickets(async ({ start, store }) => {
    const ticket = await start().tickets.issue(LOCAL_USER, "s");
    const [entry] = await Array.fromAsync(store.list(["ticket"]));
    assert(entry !== undefined && !Deno.inspect(entry, { depth: 10 }).includes(ticket.reveal().slice(4)));
    await refuse(start().tickets, new Secret(`ght_${String(entry.key.at(-1))}`), true);
  }));

Deno.test("redeem() whose answer was lost has spent the ticket; one that did not happen has not", () =>
  withTickets(async ({ start }) => {
    const { tickets, store } = start();
    const [one, two] = [await tickets.issue(LOCAL_USER, "s"), await tickets.issue(LOCAL_USER, "s")];
    const fail = async (kind: "unavailable" | "answer_lost", ticket: Secret) => {
      store.fail({ kind }, { calls: ["commit"], times: 1 });
      const error = await assertRejects(() => tickets.redeem(ticket, true), GatehouseError);
      assertEquals(error.code, "storage_unavailable");
    };
    await fail("answer_lost", one);
    await refuse(tickets, one, true);
    await fail("unavailable", two);
    await tickets.redeem(two, true);
  }));
