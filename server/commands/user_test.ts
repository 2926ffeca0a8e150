import { assertEquals, assertStringIncludes } from "@std/assert";
import { openRooms } from "./accounts/commands_fixture.ts";
import { USER } from "./user.ts";

Deno.test("user list shows what each may use, and for programs the names of GET /users", async () => {
  await using rooms = await openRooms();
  assertStringIncludes((await rooms.run(USER.list)).out.join(), "user add <name> --admin");
  const id = await rooms.addUser("ada");
  await rooms.accounts.users.change(id, { rpm: 60, budget: { amountMicros: 5_000_000, period: "day" }, models: ["a"] });
  const { code, out } = await rooms.run(USER.list);
  assertEquals([code, out.length], [0, 2]);
  assertEquals(/^ada +user +active +60 rpm, 5\.00\/day +a +\d{4}-\d\d-\d\d$/.test(out[1] ?? ""), true);
  const [listed] = JSON.parse((await rooms.run(USER.list, "--json")).out.join(""));
  const { created_at, ...rest } = listed;
  assertEquals(new Date(created_at).toISOString(), created_at);
  assertEquals(rest, {
    user_id: id,
    username: "ada",
    email: null,
    role: "user",
    disabled: false,
    models: ["a"],
    rpm: 60,
    tpm: null,
    budget: { amount_micros: 5_000_000, period: "day" },
  });
});

Deno.test("user disable and enable find the name in any case of letters", async () => {
  await using rooms = await openRooms();
  const id = await rooms.addUser("ada");
  assertEquals((await rooms.run(USER.disable, "ADA")).code, 0);
  assertEquals((await rooms.accounts.users.get(id))?.disabled, true);
  assertEquals((await rooms.run(USER.enable, "ada")).code, 0);
  assertEquals((await rooms.accounts.users.get(id))?.disabled, false);
});

Deno.test("user remove takes the user's keys along", async () => {
  await using rooms = await openRooms();
  const id = await rooms.addUser("ada");
  await rooms.accounts.keys.create({ userId: id, name: "ci" });
  assertEquals((await rooms.run(USER.remove, "ada")).code, 0);
  assertEquals(await rooms.accounts.users.find("ada"), null);
  assertEquals((await rooms.accounts.keys.list(null, { limit: 10, cursor: null })).items, []);
});

Deno.test("commands on users exit 1 for a name that is unknown or taken, and 2 for what they do not take", async () => {
  await using rooms = await openRooms();
  await rooms.addUser("ada");
  for (const command of [USER.remove, USER.passwd, USER.disable, USER.enable]) {
    const { code, err } = await rooms.run(command, "eve");
    assertEquals(code, 1);
    assertStringIncludes(err.join(), 'no user "eve"');
    assertEquals((await rooms.run(command)).code, 2);
  }
  // Told before a password is asked for: here is no terminal to ask at.
  const taken = await rooms.run(USER.add, "ada");
  assertEquals(taken.code, 1);
  assertStringIncludes(taken.err.join(), "already");
  assertEquals((await rooms.run(USER.add, "eve", "--rpm", "0")).code, 2);
});
