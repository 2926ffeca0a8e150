import { assertEquals } from "@std/assert";
import { Secret } from "../secrets/mod.ts";
import { type Logger, silentLogger } from "../telemetry/mod.ts";
import { adoptAdmin } from "./adopt_admin.ts";
import { outcome, PASSWORD, type UsersFixture, usersFixture } from "./users/users_fixture.ts";

const ADMIN_PASSWORD = new Secret("the settings' own");

/** A start with `ADMIN_USERNAME=Root`. @returns its warnings */
async function start({ users, store }: UsersFixture): Promise<string[]> {
  const warnings: string[] = [];
  const log: Logger = { ...silentLogger, warn: (message) => void warnings.push(message) };
  await adoptAdmin({ settings: { adminUsername: "Root", adminPassword: ADMIN_PASSWORD }, users, store, log });
  return warnings;
}

Deno.test("adoptAdmin() makes the administrator once ever", async () => {
  await using fixture = await usersFixture();
  const { users } = fixture;
  assertEquals(await start(fixture), []);
  const admin = await users.find("root");
  assertEquals(admin?.role, "admin");
  assertEquals(await start(fixture), []);
  await users.remove(admin?.id ?? "");
  assertEquals(await start(fixture), []);
  assertEquals(await users.find("root"), null);
});

Deno.test("adoptAdmin() leaves a plain user of that name alone, says so at each start, and adopts once the name is free", async () => {
  await using fixture = await usersFixture();
  const { users } = fixture;
  const squatter = await users.create({ username: "root", password: PASSWORD });
  for (let n = 0; n < 2; n++) {
    const [warning, ...others] = await start(fixture);
    assertEquals([warning?.includes("no administrator"), others], [true, []]);
  }
  assertEquals(await users.find("root"), squatter);
  const login = users.authenticate({ username: "root", password: ADMIN_PASSWORD, address: null });
  assertEquals(await outcome(login), "invalid_credentials");
  await users.remove(squatter.id);
  assertEquals(await start(fixture), []);
  assertEquals((await users.find("root"))?.role, "admin");
});

Deno.test("adoptAdmin() takes an administrator of that name as the one it would have made", async () => {
  await using fixture = await usersFixture();
  const { users } = fixture;
  const { id } = await users.create({ username: "root", password: PASSWORD, role: "admin" });
  assertEquals((await start(fixture)).length, 1);
  assertEquals(await start(fixture), []);
  await users.remove(id);
  assertEquals(await start(fixture), []);
  assertEquals(await users.find("root"), null);
});
