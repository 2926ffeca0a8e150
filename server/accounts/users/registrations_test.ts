import { assertEquals, assertRejects } from "@std/assert";
import { GatehouseError } from "../../errors/mod.ts";
import { Secret } from "../../secrets/mod.ts";
import { outcome, PASSWORD, usersFixture } from "./users_fixture.ts";
import type { NewUser, Users } from "./users.ts";

const MINUTE = 60_000;

function register(users: Users, address: string | null, fields: Partial<NewUser> = {}): Promise<unknown> {
  return users.create({ username: "ann", password: PASSWORD, address, ...fields });
}

Deno.test("the 11th registration from one network within 5 minutes is refused before any work, however the others ended", async () => {
  await using fixture = await usersFixture();
  const { users, clock, store } = fixture;
  const outcomes = new Set<string>();
  for (let n = 0; n < 10; n++) {
    const address = `2001:db8:0:1::${n}`;
    const ways = [{}, { username: "a b" }, { password: new Secret("short") }, { username: `user${n}` }];
    outcomes.add(await outcome(register(users, address, ways[n % 4])));
    if (n === 0) await clock.advance(MINUTE);
  }
  assertEquals([...outcomes].sort(), [
    "invalid_field password",
    "invalid_field username",
    "ok",
    "username_taken username",
  ]);
  const before = store.count("get");
  for (const fields of [{}, { username: "new" }, { username: "a b" }]) {
    const error = await assertRejects(() => register(users, "2001:db8:0:1::ffff", fields), GatehouseError);
    assertEquals([error.code, error.status, error.retryAfterSeconds], ["too_many_attempts", 429, 240]);
  }
  assertEquals(store.count("get"), before);
  assertEquals(await outcome(register(users, "2001:db8:0:2::1")), "username_taken username");
  await clock.advance(4 * MINUTE);
  assertEquals(await outcome(register(users, "2001:db8:0:1::1", { username: "new" })), "ok");
  assertEquals(await outcome(register(users, "2001:db8:0:1::1", { username: "newer" })), "too_many_attempts");
});

Deno.test("users made by an administrator or a command are not limited, and count for nobody", async () => {
  await using fixture = await usersFixture();
  const { users } = fixture;
  for (let n = 0; n < 20; n++) await register(users, null, { username: `user${n}` });
  assertEquals(await outcome(register(users, "192.0.2.1")), "ok");
});

Deno.test("registrations and failed logins are counted apart", async () => {
  await using fixture = await usersFixture();
  const { users } = fixture;
  const address = "192.0.2.1";
  for (let n = 0; n < 11; n++) await outcome(register(users, address, { username: `user${n}` }));
  await users.authenticate({ username: "user0", password: PASSWORD, address });
});
