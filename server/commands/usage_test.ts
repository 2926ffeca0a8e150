import { assertEquals, assertMatch } from "@std/assert";
import { systemClock } from "../effects/mod.ts";
import { createLedger } from "../usage/mod.ts";
import { type CommandRooms, openRooms } from "./accounts/commands_fixture.ts";
import { USAGE } from "./usage.ts";

/** Books a call of so many tokens; a token costs a millionth, but for the model `free`. */
async function book(
  { store, log }: CommandRooms,
  calls: readonly (readonly [userId: string, keyId: string | null, model: string, tokens: number])[],
): Promise<void> {
  const costOf = (model: string, { completion }: { completion: number }) =>
    model === "free" ? null : { micros: completion, currency: "EUR" };
  const ledger = createLedger({ store, clock: systemClock, log, shard: "a", costOf });
  for (const [userId, keyId, model, tokens] of calls) {
    ledger.open({ userId, keyId, model }, () => ({ prompt: 0, completion: 0 }))
      .end({ prompt: 1, completion: tokens }, false);
  }
  await ledger.close();
}

Deno.test("usage sums by model with a total, and leaves out the cost of what has no price", async () => {
  await using rooms = await openRooms();
  await book(rooms, [["local", null, "large", 1_500_000], ["local", null, "large", 500_000], [
    "local",
    null,
    "free",
    9,
  ]]);
  const { code, out } = await rooms.run(USAGE);
  assertEquals(code, 0);
  assertEquals(out, [
    "MODEL  REQUESTS  PROMPT  COMPLETION  ESTIMATED      COST",
    "free          1       1           9          0         -",
    "large         2       2     2000000          0  2.00 EUR",
    "total         3       3     2000009          0  2.00 EUR",
  ]);
});

Deno.test("usage names users and keys, those who are gone too", async () => {
  await using rooms = await openRooms();
  const id = await rooms.addUser("ada");
  const { key } = await rooms.accounts.keys.create({ userId: id, name: "ci" });
  await book(rooms, [[id, key.id, "large", 1], ["GONE", "LOST", "large", 1], ["local", null, "large", 1]]);
  const users = (await rooms.run(USAGE, "--by", "user")).out.map((line) => line.split(/ {2,}/)[0]);
  assertEquals(users.toSorted(), ["GONE (removed)", "USER", "ada", "local", "total"]);
  const keys = (await rooms.run(USAGE, "--by", "key")).out.map((line) => line.split(/ {2,}/)[0]);
  assertEquals(keys.toSorted(), ["(no key)", "KEY", "LOST (revoked)", `ci ${key.start}…`, "total"]);
  const own = await rooms.run(USAGE, "--user", "ada", "--json");
  assertEquals(JSON.parse(own.out.join("")).map(({ requests }: { requests: number }) => requests), [1]);
});

Deno.test("usage says that nothing was used, and refuses days that are none", async () => {
  await using rooms = await openRooms();
  assertMatch((await rooms.run(USAGE, "--to", "2026-03-01")).out.join(), /from 2026-01-31 to 2026-03-01/);
  const bad = [["--from", "yesterday"], ["--to", "2026-02-31"], ["--by", "week"], [
    "--from",
    "2026-02-02",
    "--to",
    "2026-02-01",
  ]];
  for (const args of bad) assertEquals((await rooms.run(USAGE, ...args)).code, 2);
  assertEquals((await rooms.run(USAGE, "--user", "eve")).code, 1);
});
