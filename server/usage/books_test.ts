import { assertEquals, assertNotEquals, assertStrictEquals } from "@std/assert";
import { Books } from "./books.ts";
import { account, NOON } from "./ledger_fixture.ts";

const NEXT_NOON = NOON + 86_400_000;

Deno.test("row() is one row for a day, a user, a key and a model", () => {
  const books = new Books("A");
  const row = books.row(NOON, account());
  assertEquals(row.key, ["usage", "2026-11-20", "ann", "", "m", "A"]);
  assertStrictEquals(books.row(NOON + 12 * 3600_000 - 1, account()), row);
  const others = [
    books.row(NEXT_NOON, account()),
    books.row(NOON, account({ userId: "ben" })),
    books.row(NOON, account({ keyId: "k" })),
    books.row(NOON, account({ model: "__proto__" })),
  ];
  assertEquals(new Set([row, ...others].map(({ key }) => key.join("\n"))).size, 5);
});

Deno.test("dropPast() lets go of done rows of other days; one that comes back has a key of its own", () => {
  const books = new Books("A");
  const [done, open, today] = [
    books.row(NOON, account()),
    books.row(NOON, account({ model: "open" })),
    books.row(NEXT_NOON, account()),
  ];
  books.dropPast(NEXT_NOON, (row) => row !== open);
  assertStrictEquals(books.row(NOON, account({ model: "open" })), open);
  assertStrictEquals(books.row(NEXT_NOON, account()), today);
  assertNotEquals(books.row(NOON, account()).key, done.key);
  assertEquals(books.row(NOON, account()).key.slice(0, -1), done.key.slice(0, -1));
});
