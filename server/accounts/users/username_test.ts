import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { GatehouseError } from "../../errors/mod.ts";
import { nameKeyOf, usernameOf } from "./username.ts";

Deno.test("usernameOf() takes letters and digits of any script, with ._-@+ within", () => {
  const names = ["a", "Ann", "ann.b-c_d+e@example.com", "_svc", "Žofie", "山田太郎", "हिन्दी", "٣", "x".repeat(64)];
  assertEquals(names.map(usernameOf), names);
});

Deno.test("usernameOf() refuses everything else", () => {
  const refused = [
    "",
    " ",
    "a b",
    ".a",
    "a.",
    "-a",
    "a-",
    "@a",
    "a+",
    "a/b",
    "a\\b",
    "a:b",
    "a\u0000",
    "a\n",
    "a\u202eb",
  ];
  refused.push("<b>", "a\u200bb", "\u0301a", "x".repeat(65), "x".repeat(100_000), "½", "😀");
  for (const name of refused) {
    const error = assertThrows(() => usernameOf(name), GatehouseError, "", JSON.stringify(name.slice(0, 80)));
    assertEquals([error.code, error.param], ["invalid_field", "username"]);
    assertEquals(nameKeyOf(name), null);
  }
});

Deno.test("usernameOf() refuses letters and marks that are not seen", () => {
  for (const letter of ["\u115f", "\u3164", "\uffa0", "\u034f", "\ufe0f", "\u17b4", "\u180b", "\u{e0101}", "\u00ad"]) {
    for (const name of [`a${letter}b`, `${letter}ann`, `ann${letter}`, letter]) {
      assertEquals([JSON.stringify(name), nameKeyOf(name)], [JSON.stringify(name), null]);
      assertEquals(assertThrows(() => usernameOf(name), GatehouseError).param, "username");
    }
  }
});

Deno.test("usernameOf() refuses the server's own names in every disguise", () => {
  for (const name of ["local", "me", "nobody", "metrics", "LOCAL", "Me", "ｎobody", "metrıcs"]) {
    assertEquals(assertThrows(() => usernameOf(name), GatehouseError).param, "username", name);
  }
});

Deno.test("nameKeyOf() is one for all cases and compositions of a name", () => {
  assertEquals(nameKeyOf("ANN"), nameKeyOf("ann"));
  assertEquals(nameKeyOf("Jose\u0301"), nameKeyOf("JOSÉ"));
  assertEquals(nameKeyOf("ΟΔΟΣ"), nameKeyOf("οδος"));
  assertEquals(["straße", "STRAẞE"].map(nameKeyOf), ["strasse", "strasse"]);
  assertEquals(nameKeyOf("ａｎｎ"), nameKeyOf("ann"));
  const letters = fc.string({ unit: "grapheme", minLength: 1, maxLength: 12 }).filter((name) =>
    nameKeyOf(name) !== null
  );
  fc.assert(fc.property(letters, (name) => {
    const key = nameKeyOf(usernameOf(name === "me" ? "mee" : name));
    const others = [name.toUpperCase(), name.toLowerCase(), name.normalize("NFD"), name.normalize("NFKC")];
    assertEquals(others.map(nameKeyOf), others.map(() => name === "me" ? nameKeyOf("me") : key));
  }));
});
