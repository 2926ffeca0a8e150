import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { disposition } from "./disposition.ts";

Deno.test("disposition() names a file for every client, and nothing but a file", () => {
  const cases = [
    ["Tea time", 'attachment; filename="Tea time.md"'],
    ["", 'attachment; filename="conversation.md"'],
    ["../..", 'attachment; filename="conversation.md"'],
    ["../etc/passwd", 'attachment; filename="etc passwd.md"'],
    ['a"; b=c\r\nx: y', 'attachment; filename="a ; b=c x y.md"'],
    ["Größe 5'", "attachment; filename=\"Gr__e 5'.md\"; filename*=UTF-8''Gr%C3%B6%C3%9Fe%205%27.md"],
    ["50%", "attachment; filename=\"50_.md\"; filename*=UTF-8''50%25.md"],
    ["a\u202Egnp\ud800", 'attachment; filename="a gnp.md"'],
  ] as const;
  for (const [name, header] of cases) assertEquals(disposition(name, "md"), header);
});

Deno.test("disposition() is a header, whatever the name, and the name comes back from it", () => {
  fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 120 }), (name) => {
    const header = disposition(name, "json");
    const { groups = {} } =
      /^attachment; filename="(?<ascii>[ -~]+)"(?:; filename\*=UTF-8''(?<full>[\w.!~%-]+))?$/.exec(header) ?? {};
    assert(groups.ascii !== undefined, header);
    assert(!/["\\/%]/.test(groups.ascii), header);
    const full = decodeURIComponent(groups.full ?? groups.ascii);
    assert(full.endsWith(".json") && [...full].length <= 85 && !/[/\\\p{Cc}]/u.test(full), full);
    new Headers({ "content-disposition": header });
  }));
});
