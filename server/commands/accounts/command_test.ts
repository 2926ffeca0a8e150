import { assertEquals, assertStringIncludes } from "@std/assert";
import { fileURLToPath } from "node:url";

/** Runs the command line in a folder of its own. */
async function gatehouse(cwd: string, args: readonly string[], input = "") {
  const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--config", path("../../../deno.json"), path("../../main.ts"), ...args],
    cwd,
    env: { DATA_DIR: `${cwd}/data`, XDG_CONFIG_HOME: `${cwd}/config` },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(input)).catch(() => {});
  await writer.close().catch(() => {});
  const { code, stdout, stderr } = await child.output();
  return { code, out: new TextDecoder().decode(stdout), err: new TextDecoder().decode(stderr) };
}

Deno.test("a command on accounts works on the store in DATA_DIR, and touches none for what it does not take", async () => {
  const cwd = await Deno.makeTempDir();
  try {
    const helps = await Promise.all(
      [["user", "--help"], ["key", "help"], ["usage", "-h"]].map((args) => gatehouse(cwd, args)),
    );
    assertEquals(helps.map(({ code, err }) => [code, err]), [[0, ""], [0, ""], [0, ""]]);
    const wrong = [["user"], ["user", "toString"], ["user", "add"], ["key", "list", "all"], ["usage", "--by", "week"]];
    const refused = await Promise.all(wrong.map((args) => gatehouse(cwd, args)));
    assertEquals(refused.map(({ code, out }) => [code, out]), wrong.map(() => [2, ""]));
    assertEquals(await Array.fromAsync(Deno.readDir(cwd)), []);

    const added = await gatehouse(cwd, ["user", "add", "ada", "--admin", "--password-stdin"], "long enough\nrest");
    assertEquals(added, { code: 0, out: "Added the administrator ada.\n", err: "" });
    const short = await gatehouse(cwd, ["user", "passwd", "ada", "--password-stdin"], "short\n");
    assertEquals([short.code, short.out], [1, ""]);
    assertStringIncludes(short.err, "8 to 256 characters");
    assertStringIncludes((await gatehouse(cwd, ["user", "list"])).out, "\nada   admin  active");
    assertEquals((await gatehouse(cwd, ["user", "add", "eve"])).code, 2); // no terminal to ask at
  } finally {
    await Deno.remove(cwd, { recursive: true });
  }
});
