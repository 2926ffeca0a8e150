import { help } from "./commands/help.ts";
import { systemConsole } from "./commands/console.ts";

/** `gatehouse <command>`: each command is loaded when it is asked for. */
async function main(args: readonly string[]): Promise<number> {
  const console = systemConsole();
  const [command = "help", ...rest] = args;
  switch (command) {
    case "serve":
      return await (await import("./commands/serve.ts")).serve(console, new URL(import.meta.url));
    case "login":
      return await (await import("./commands/login.ts")).login(rest, console);
    case "logout":
      return await (await import("./commands/logout.ts")).logout(console);
    case "status":
      return await (await import("./commands/status.ts")).status(console);
    case "user":
      return await (await import("./commands/user.ts")).user(rest, console);
    case "key":
      return await (await import("./commands/key.ts")).key(rest, console);
    case "usage":
      return await (await import("./commands/usage.ts")).usage(rest, console);
    case "doctor":
      return await (await import("./commands/doctor.ts")).doctor(console);
    case "version":
    case "--version":
      console.say((await import("./version.ts")).VERSION);
      return 0;
    case "help":
    case "--help":
    case "-h":
      for (const line of help()) console.say(line);
      return 0;
    default:
      console.complain(`There is no command ${JSON.stringify(command)}; \`deno task gatehouse help\` lists them.`);
      return 2;
  }
}

// The server starts this very file once more, as the worker that hashes passwords: so it is found in the bundle too.
if ("WorkerGlobalScope" in globalThis) {
  await (await import("./commands/hash_worker.ts")).hashWorker();
} else if (import.meta.main) {
  const { explain } = await import("./commands/explain.ts");
  Deno.exit(
    await main(Deno.args).catch((error) => {
      systemConsole().complain(explain(error));
      return 1;
    }),
  );
}
