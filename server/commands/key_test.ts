import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { Secret } from "../secrets/mod.ts";
import { openRooms } from "./accounts/commands_fixture.ts";
import { KEY } from "./key.ts";

Deno.test("key create puts the key alone on standard output, and the key is good", async () => {
  await using rooms = await openRooms();
  const id = await rooms.addUser("ada");
  const made = await rooms.run(KEY.create, "ci", "--user", "ada", "--rpm", "5", "--expires", "12h");
  assertEquals([made.code, made.out.length], [0, 1]);
  const key = await rooms.accounts.keys.verify(new Secret(made.out[0] ?? ""));
  assertEquals([key.userId, key.name, key.limits.rpm], [id, "ci", 5]);
  assertEquals(made.err.join().includes(made.out[0] ?? ""), false);
});

Deno.test("key create makes no key that nobody could use", async () => {
  await using open = await openRooms();
  const made = await open.run(KEY.create, "ci");
  assertEquals(made.code, 0);
  assertStringIncludes(made.err.join(" "), "no account");
  await using closed = await openRooms({ AUTH: "required", DEMO: "1" });
  const refused = await closed.run(KEY.create, "ci");
  assertEquals([refused.code, refused.out], [2, []]);
  assertStringIncludes(refused.err.join(), "--user");
});

Deno.test("key list shows beginnings and owners, and never a key", async () => {
  await using rooms = await openRooms();
  await rooms.addUser("ada");
  const secrets = [
    (await rooms.run(KEY.create, "one", "--user", "ada")).out[0] ?? "",
    (await rooms.run(KEY.create, "two")).out[0] ?? "",
  ];
  const { out } = await rooms.run(KEY.list);
  assertMatch(out[1] ?? "", /^one +gh_\w{12}… +ada +active /);
  assertMatch(out[2] ?? "", /^two +gh_\w{12}… +local +active /);
  const json = await rooms.run(KEY.list, "--user", "local", "--json");
  const parsed = JSON.parse(json.out.join(""));
  assertEquals(parsed.map(({ name }: { name: string }) => name), ["two"]);
  for (const secret of secrets) assertEquals([...out, ...json.out].join().includes(secret), false);
});

Deno.test("key revoke takes what the list shows, and the id", async () => {
  await using rooms = await openRooms();
  for (const name of ["one", "two"]) await rooms.run(KEY.create, name);
  const [one, two] = (await rooms.accounts.keys.list(null, { limit: 10, cursor: null })).items;
  assertEquals((await rooms.run(KEY.revoke, `${one?.start}…`)).code, 0);
  assertEquals((await rooms.run(KEY.revoke, two?.id ?? "")).code, 0);
  assertEquals((await rooms.accounts.keys.list(null, { limit: 10, cursor: null })).items, []);
  const { code, err } = await rooms.run(KEY.revoke, one?.start ?? "");
  assertEquals(code, 1);
  assertStringIncludes(err.join(), "key list");
  assertEquals((await rooms.run(KEY.revoke, "x".repeat(5000))).err, err);
});
