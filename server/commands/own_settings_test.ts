import { assertEquals, assertStringIncludes } from "@std/assert";
import { fileURLToPath } from "node:url";

Deno.test("a .env that cannot be read is a fault that names it, not a crash and not the demo", async () => {
  const cwd = await Deno.makeTempDir();
  try {
    // No user can read a link to itself, not even root.
    await Deno.symlink(".env", `${cwd}/.env`);
    const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
    const { code, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--config", path("../../deno.json"), path("../main.ts"), "status"],
      cwd,
      stdout: "null",
      stderr: "piped",
    }).output();
    assertEquals(code, 1);
    assertStringIncludes(new TextDecoder().decode(stderr), ".env: found a file that cannot be read");
  } finally {
    await Deno.remove(cwd, { recursive: true });
  }
});
