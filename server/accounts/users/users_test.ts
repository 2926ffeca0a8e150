import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { Secret } from "../../secrets/mod.ts";
import { createPasswordHasher } from "../passwords/create_hasher.ts";
import { outcome, PASSWORD, usersFixture } from "./users_fixture.ts";
import type { User, Users } from "./users.ts";

async function make(users: Users, ...names: string[]): Promise<User[]> {
  const made: User[] = [];
  for (const username of names) made.push(await users.create({ username, password: PASSWORD }));
  return made;
}

Deno.test("create() makes a user that is found by id and by any form of the name, without the password's hash", async () => {
  await using fixture = await usersFixture();
  const { users, clock } = fixture;
  assertEquals(await users.any(), false);
  const user = await users.create({ username: "José", email: "jose@example.com", password: PASSWORD });
  assertEquals(user, {
    id: user.id,
    username: "José",
    email: "jose@example.com",
    role: "user",
    disabled: false,
    models: null,
    limits: { rpm: null, tpm: null, budget: null },
    generation: 1,
    createdAt: clock.now(),
  });
  assertEquals(await users.any(), true);
  assertEquals([await users.get(user.id), await users.current(user.id)], [user, user]);
  for (const name of ["José", "josé", "JOSE\u0301"]) assertEquals(await users.find(name), user);
});

Deno.test("create() makes an admin where it is told to, and leaves the email out where none is given", async () => {
  await using fixture = await usersFixture();
  const { role, email } = await fixture.users.create({ username: "ann", password: PASSWORD, role: "admin" });
  assertEquals([role, email], ["admin", null]);
});

Deno.test("create() writes the user with models and limits at once, or not at all", async () => {
  await using fixture = await usersFixture();
  const { users, store } = fixture;
  const budget = { amountMicros: 5, period: "day" } as const;
  const before = store.count("commit");
  const user = await users.create({ username: "ann", password: PASSWORD, models: ["m"], rpm: 1, tpm: 2, budget });
  assertEquals(store.count("commit") - before, 1);
  assertEquals([user.models, user.limits], [["m"], { rpm: 1, tpm: 2, budget }]);
  assertEquals(await users.get(user.id), user);
  for (const wrong of [{ rpm: 0 }, { tpm: NaN }, { models: [""] }, { budget: { ...budget, amountMicros: -1 } }]) {
    const making = users.create({ username: "bob", password: PASSWORD, ...wrong });
    assertEquals(await outcome(making), `invalid_field ${Object.keys(wrong)[0]}`);
  }
  assertEquals(await users.find("bob"), null);
});

Deno.test("create() names the field that is wrong, and makes nothing", async () => {
  await using fixture = await usersFixture();
  const { users } = fixture;
  const tries: [string, string | null, string, string][] = [
    ["a b", null, "x".repeat(8), "invalid_field username"],
    ["local", null, "x".repeat(8), "invalid_field username"],
    ["ann", "nobody", "x".repeat(8), "invalid_field email"],
    ["ann", "", "x".repeat(8), "invalid_field email"],
    ["ann", "a b@example.com", "x".repeat(8), "invalid_field email"],
    ["ann", "a@b\u0000", "x".repeat(8), "invalid_field email"],
    ["ann", "a\u202e@example.com", "x".repeat(8), "invalid_field email"],
    ["ann", "a@exam\u2066ple.com", "x".repeat(8), "invalid_field email"],
    ["ann", "a\u200b@example.com", "x".repeat(8), "invalid_field email"],
    ["ann", "a@example.com\u3164", "x".repeat(8), "invalid_field email"],
    ["ann", "a\ud800@example.com", "x".repeat(8), "invalid_field email"],
    ["ann", `a@${"b".repeat(253)}`, "x".repeat(8), "invalid_field email"],
    ["ann", null, "x".repeat(7), "invalid_field password"],
    ["ann", null, "😀".repeat(7), "invalid_field password"],
    ["ann", null, "x".repeat(257), "invalid_field password"],
    ["ann", null, "x".repeat(1_000_000), "invalid_field password"],
  ];
  for (const [username, email, password, expected] of tries) {
    assertEquals(await outcome(users.create({ username, email, password: new Secret(password) })), expected);
  }
  assertEquals(await users.any(), false);
  await users.create({ username: "ann", email: `a@${"b".repeat(252)}`, password: new Secret("😀".repeat(256)) });
});

Deno.test("create() refuses a name that is taken in any case, also of two at the same time", async () => {
  await using fixture = await usersFixture();
  const { users, open } = fixture;
  await make(users, "ann");
  assertEquals(await outcome(make(users, "ANN")), "username_taken username");
  const both = await Promise.all([outcome(make(users, "bob")), outcome(make(open(), "Bob"))]);
  assertEquals(both.sort(), ["ok", "username_taken username"]);
  assertEquals((await users.list({ limit: 10, cursor: null })).items.length, 2);
});

Deno.test("create() says nothing false where the commit's answer is lost", async () => {
  await using fixture = await usersFixture();
  const { users, store } = fixture;
  store.fail({ kind: "answer_lost" }, { calls: ["commit"], times: 1 });
  assertEquals(await outcome(make(users, "ann")), "storage_unavailable");
  assertEquals((await users.find("ann"))?.username, "ann");
  store.fail({ kind: "unavailable" }, { calls: ["commit"], times: 1 });
  assertEquals(await outcome(make(users, "bob")), "storage_unavailable");
  assertEquals(await users.find("bob"), null);
  await make(users, "bob");
});

Deno.test("what is unknown is not there, however odd the id or the name", async () => {
  await using fixture = await usersFixture();
  const { users } = fixture;
  for (const odd of ["", "nobody-is-called-so", "x".repeat(10_000), "\u0000", "../ann"]) {
    assertEquals([await users.get(odd), await users.find(odd), await users.current(odd)], [null, null, null]);
    assertEquals(await outcome(users.change(odd, { role: "admin" })), "not_found");
    assertEquals(await outcome(users.setPassword(odd, PASSWORD)), "not_found");
    assertEquals(await outcome(users.remove(odd)), "not_found");
  }
});

Deno.test("list() gives all users once, oldest first, in pages", async () => {
  await using fixture = await usersFixture();
  const { users, clock } = fixture;
  const made: User[] = [];
  for (const name of ["eve", "dan", "cid", "bob", "ann"]) {
    made.push(...await make(users, name));
    await clock.advance(5);
  }
  const first = await users.list({ limit: 2, cursor: null });
  const second = await users.list({ limit: 2, cursor: first.nextCursor });
  const third = await users.list({ limit: 2, cursor: second.nextCursor });
  assertEquals([...first.items, ...second.items, ...third.items], made);
  assertEquals([first.nextCursor, second.nextCursor, third.nextCursor], [made[1]?.id, made[3]?.id, null]);
  assertEquals((await users.list({ limit: 5, cursor: null })).nextCursor, null);
});

Deno.test("list() goes on where it was though the user at the cursor is gone", async () => {
  await using fixture = await usersFixture();
  const { users } = fixture;
  const [ann, , cid] = await make(users, "ann", "bob", "cid");
  const { items: [, bob], nextCursor } = await users.list({ limit: 2, cursor: null });
  assert(ann && bob && cid);
  await users.remove(bob.id);
  assertEquals(await users.list({ limit: 2, cursor: nextCursor }), { items: [cid], nextCursor: null });
});

Deno.test("list() refuses a cursor that is none", async () => {
  await using fixture = await usersFixture();
  for (const cursor of ["", "x", "0".repeat(25), "0".repeat(27), "\u0000".repeat(26), "8".repeat(26)]) {
    assertEquals(await outcome(fixture.users.list({ limit: 2, cursor })), "invalid_field cursor");
  }
});

Deno.test("change() changes what is given and leaves the rest", async () => {
  await using fixture = await usersFixture();
  const { users } = fixture;
  const [ann] = await make(users, "ann");
  assert(ann);
  const budget = { amountMicros: 5, period: "day" } as const;
  await users.change(ann.id, { role: "admin", models: ["m"], rpm: 1, tpm: 2, budget });
  const changed = { ...ann, role: "admin", models: ["m"], limits: { rpm: 1, tpm: 2, budget } } as const;
  assertEquals(await users.change(ann.id, {}), changed);
  assertEquals(await users.get(ann.id), changed);
  await users.change(ann.id, { role: "user", models: null, rpm: null, tpm: null, budget: null, disabled: true });
  assertEquals(await users.get(ann.id), { ...ann, disabled: true, generation: 2 });
});

Deno.test("change() refuses limits that would bind nothing", async () => {
  await using fixture = await usersFixture();
  const { users } = fixture;
  const [ann] = await make(users, "ann");
  assert(ann);
  const budget = { amountMicros: NaN, period: "day" } as const;
  for (const change of [{ rpm: NaN }, { tpm: 0.5 }, { budget }, { models: [""] }]) {
    assertEquals(await outcome(users.change(ann.id, change)), `invalid_field ${Object.keys(change)[0]}`);
  }
  assertEquals(await users.get(ann.id), ann);
});

Deno.test("change() ends all logins of a user it disables: to enable them brings none back", async () => {
  await using fixture = await usersFixture();
  const { users } = fixture;
  const [ann] = await make(users, "ann");
  assert(ann);
  const generations: number[] = [];
  for (const disabled of [false, true, true, false, true]) {
    generations.push((await users.change(ann.id, { disabled })).generation);
  }
  generations.push((await users.change(ann.id, { rpm: 1 })).generation);
  assertEquals(generations, [1, 2, 2, 2, 3, 3]);
});

Deno.test("change() loses nothing to changes at the same time", async () => {
  await using fixture = await usersFixture();
  const { users, open } = fixture;
  const [ann] = await make(users, "ann");
  assert(ann);
  const other = open();
  await Promise.all([
    users.change(ann.id, { role: "admin" }),
    other.change(ann.id, { rpm: 7 }),
    users.change(ann.id, { models: ["m"] }),
    other.setPassword(ann.id, new Secret("another one")),
  ]);
  const after = await users.get(ann.id);
  assertEquals([after?.role, after?.limits.rpm, after?.models, after?.generation], ["admin", 7, ["m"], 2]);
});

Deno.test("current() shows a change of this process at once, and of another within a second", async () => {
  await using fixture = await usersFixture();
  const { users, open, clock } = fixture;
  const other = open();
  const [ann] = await make(users, "ann");
  assert(ann);
  await users.current(ann.id);
  await other.current(ann.id);
  await users.change(ann.id, { disabled: true });
  assertEquals((await users.current(ann.id))?.disabled, true);
  assertEquals((await other.current(ann.id))?.disabled, false);
  await clock.advance(999);
  assertEquals((await other.current(ann.id))?.disabled, true);
  await users.remove(ann.id);
  assertEquals(await users.current(ann.id), null);
  await clock.advance(999);
  assertEquals(await other.current(ann.id), null);
});

Deno.test("current() forgets its copy though the change's answer was lost", async () => {
  await using fixture = await usersFixture();
  const { users, store } = fixture;
  const [ann] = await make(users, "ann");
  assert(ann);
  await users.current(ann.id);
  store.fail({ kind: "answer_lost" }, { calls: ["commit"], times: 1 });
  assertEquals(await outcome(users.change(ann.id, { disabled: true })), "storage_unavailable");
  assertEquals((await users.current(ann.id))?.disabled, true);
});

Deno.test("setPassword() takes an old password for one change alone", async () => {
  await using fixture = await usersFixture();
  const { users } = fixture;
  const { id, generation } = await users.create({ username: "ann", password: PASSWORD });
  const changes = [1, 2, 3].map((n) => users.setPassword(id, new Secret(`new password ${n}`), generation));
  const ends = await Promise.allSettled(changes);
  assertEquals(ends.filter(({ status }) => status === "fulfilled").length, 1);
  assertEquals((await users.get(id))?.generation, generation + 1);
});

Deno.test("setPassword() takes the place of the old password and raises the generation", async () => {
  await using fixture = await usersFixture();
  const { users } = fixture;
  const [ann] = await make(users, "ann");
  assert(ann);
  const next = new Secret("another one");
  assertEquals(await users.setPassword(ann.id, next), { ...ann, generation: 2 });
  const login = (password: Secret) => users.authenticate({ username: "ann", password, address: null });
  assertEquals(await outcome(login(PASSWORD)), "invalid_credentials");
  assertEquals((await login(next)).generation, 2);
  assertEquals(await outcome(users.setPassword(ann.id, new Secret("short"))), "invalid_field password");
  assertEquals((await users.get(ann.id))?.generation, 2);
});

Deno.test("a damaged record is nobody's, and costs no other user anything", async () => {
  await using fixture = await usersFixture();
  const { users, store } = fixture;
  const [ann, bob] = await make(users, "ann", "bob");
  assert(ann && bob);
  const [found] = await Array.fromAsync(
    store.list<{ user: User }>([], { start: ["user", "record"], end: ["user", "recore"] }),
  );
  assert(found);
  assertEquals(found.value.user.username, "ann");
  const { limits: _, ...unlimited } = found.value.user;
  await store.commit({ puts: [{ key: found.key, value: { ...found.value, user: unlimited } }] });
  assertEquals([await users.get(ann.id), await users.find("ann")], [null, null]);
  const attempt = users.authenticate({ username: "ann", password: PASSWORD, address: null });
  assertEquals(await outcome(attempt), "invalid_credentials");
  assertEquals(await users.list({ limit: 1, cursor: ann.id }), { items: [bob], nextCursor: null });
});

Deno.test("passwords lie in the store as argon2id hashes only", async () => {
  await using fixture = await usersFixture();
  const hasher = createPasswordHasher({ worker: null, clock: fixture.clock });
  const users = fixture.open({ hasher });
  const [ann] = await make(users, "ann");
  const stored = await Array.fromAsync(fixture.store.list([]));
  const text = JSON.stringify(stored);
  assertEquals([text.includes("$argon2id$v=19$m=19456,t=2,p=1$"), text.includes(PASSWORD.reveal())], [true, false]);
  const login = (password: Secret) => users.authenticate({ username: "Ann", password, address: "192.0.2.1" });
  assertEquals(await login(PASSWORD), ann);
  assertEquals(await outcome(login(new Secret("wrong"))), "invalid_credentials");
  assertNotEquals(JSON.stringify(ann).includes("argon2id"), true);
  hasher.close();
});
