import { assert, assertEquals } from "@std/assert";
import { Child, ROOT } from "./child.ts";
import { Gate, Home, serveCommand } from "./gate.ts";
import { readStream } from "./sse.ts";

Deno.test("the bundle serves the demo, started by a plain deno run far from the repository", async () => {
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
  const command = [Deno.execPath(), "run", "--no-config", "--no-remote", ...unstable, ...flags, file, "serve"];
  await using gate = await Gate.start({ env: {}, home, command });
  const result = await readStream(await gate.chat("Say something.", { body: { stream: true } }));
  assert(result.done && result.text.length > 0, result.raw);
  await gate.stop();
});
