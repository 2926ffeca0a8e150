import { assert, assertEquals } from "@std/assert";
import { Api, getTokens } from "./api.ts";
import { baseEnvironment, Child, ROOT } from "./child.ts";
import { runCommand } from "./command_line.ts";
import { Gate, Home, serveCommand } from "./gate.ts";
import { keyIn } from "./install.ts";
import { readStream } from "./sse.ts";

Deno.test("the bundle serves the demo, started by a plain deno run far from the repository", async (t) => {
  await using home = await Home.make();
  const file = `${home.path}/gatehouse.js`;
  const { tasks } = JSON.parse(await Deno.readTextFile(`${ROOT}deno.json`));
  const words: string[] = tasks.bundle.command.replace("dist/gatehouse.js", file).split(" ");
  assert(words.includes(file), "the task names the file it writes");
  await using bundling = new Child([Deno.execPath(), ...words.slice(1)], {
    // The bundler may have to be fetched: it gets the whole environment, proxies and all.
    env: Deno.env.toObject(),
    cwd: ROOT,
  });
  assertEquals((await bundling.exit()).code, 0, bundling.output);

  // What deno.json switches on by itself has to be named where there is none.
  const flags = (await serveCommand()).filter((word) => /^--(no-prompt|allow|deny)/.test(word));
  const unstable = ["--unstable-kv", "--unstable-no-legacy-abort"];
  const program = [Deno.execPath(), "run", "--no-config", "--no-remote", ...unstable, ...flags, file];
  {
    await using gate = await Gate.start({ env: {}, home, command: [...program, "serve"] });
    const result = await readStream(await gate.chat("Say something.", { body: { stream: true } }));
    assert(result.done && result.text.length > 0, result.raw);
    await gate.stop();
  }
  await t.step("passwords are hashed in its worker", async () => {
    const fixture = `${ROOT}server/accounts/passwords/hash_in_worker_fixture.ts`;
    const command = [Deno.execPath(), "run", "-A", "--config", `${ROOT}deno.json`, fixture, `file://${file}`];
    await using hashing = new Child(command, { env: baseEnvironment() });
    await hashing.exit();
    assertEquals(hashing.output, "worker");
  });
  await t.step("a user and a key that its command line made open it", async () => {
    await using home = await Home.make();
    const options = { env: { AUTH: "required", DEMO: "1" }, home };
    await using gate = await Gate.start({ ...options, command: [...program, "serve"] });
    const command = async (words: readonly string[], stdin = "") => {
      const { code, output } = await runCommand(
        [...words],
        { ...options, command: [...program, words[0] ?? ""] },
        stdin,
      );
      assertEquals(code, 0, output);
      return output;
    };
    const [username, password] = ["ann", "a password of the bundle"];
    await command(["user", "add", username, "--password-stdin"], `${password}\n`);
    const key = keyIn(await command(["key", "create", "laptop", "--user", username]));
    const { access_token } = await getTokens(gate.url, { username, password });
    for (const credential of [access_token, key]) {
      const me = await new Api(gate.url, credential).json<{ username: string }>("GET", "/users/me");
      assertEquals(me.username, username);
    }
    const stranger = await new Api(gate.url, null).ask("GET", "/users/me");
    assertEquals(stranger.status, 401, await stranger.text());
    const result = await readStream(
      await gate.chat("Say something.", { body: { stream: true }, headers: { authorization: `Bearer ${key}` } }),
    );
    assert(result.done && result.text.length > 0, result.raw);
    await gate.stop();
    assert(!/worker/.test(gate.output), `the worker started: ${gate.output}`);
  });
});
