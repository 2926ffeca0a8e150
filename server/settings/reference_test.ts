import { assert, assertEquals } from "@std/assert";
import { envExample, settingsHelp, settingsTable } from "./reference.ts";
import { OAUTH_MODEL, settingsOf } from "./settings_fixture.ts";
import { type Variable, VARIABLE_GROUPS, VARIABLES } from "./variables/mod.ts";

const DECLARED: readonly (readonly [string, Variable<unknown>])[] = Object.entries(VARIABLES);

Deno.test("every variable stands in one group, and in every reference", () => {
  assertEquals(
    VARIABLE_GROUPS.flatMap(({ variables }) => Object.keys(variables)).sort(),
    Object.keys(VARIABLES).sort(),
  );
  const [example, help, table] = [envExample(), settingsHelp(), settingsTable()].map((text) => text.split("\n"));
  for (const [name, { help: sentence }] of DECLARED) {
    assertEquals(example?.filter((line) => line.startsWith(`# ${name}=`)).length, 1, name);
    assertEquals(help?.filter((line) => line.trim() === name).length, 1, name);
    assertEquals(table?.filter((line) => line.startsWith(`| \`${name}\` | ${sentence}`)).length, 1, name);
    assert(!sentence.includes("\n"));
  }
});

Deno.test("every default is a value that its own variable takes", () => {
  for (const [name, variable] of DECLARED) {
    if (variable.default !== undefined) assert(variable.type.parse(variable.default).ok, name);
  }
});

Deno.test("envExample() changes nothing when every line of it is switched on", () => {
  const dotenv = envExample().replaceAll(/^# ([A-Z_]+=)/gm, "$1");
  assert(dotenv.includes("\nPORT=8000\n"));
  assertEquals(settingsOf(OAUTH_MODEL, { dotenv }), settingsOf(OAUTH_MODEL));
});

Deno.test("the committed .env.example is what envExample() makes", async () => {
  const committed = await Deno.readTextFile(new URL("../../.env.example", import.meta.url));
  assertEquals(committed.replaceAll("\r\n", "\n"), envExample());
});
