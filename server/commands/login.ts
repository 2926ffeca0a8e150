import { type LoginContext, LoginError, startBrowserLogin, startDeviceLogin } from "../credential/mod.ts";
import type { Console } from "./console.ts";
import { explain } from "./explain.ts";
import { withLogin } from "./login_rooms.ts";

/**
 * `gatehouse login`: the person logs in at the model's identity provider; the credential is stored, and a running
 * server takes it up within a second.
 *
 * @returns the exit code
 */
export async function login(args: readonly string[], console: Console): Promise<number> {
  const unknown = args.find((arg) => arg !== "--browser" && arg !== "--device");
  if (unknown !== undefined) {
    console.complain(`login does not know ${JSON.stringify(unknown)}; it takes --device or --browser`);
    return 2;
  }
  return await withLogin(console, async (context, upstream) => {
    if (upstream.settings.grant === "client_credentials") {
      console.complain("OAUTH_GRANT=client_credentials: the client's own credential is used; nobody needs to log in.");
      return 1;
    }
    try {
      await run(context, args, console);
    } catch (error) {
      console.complain(error instanceof LoginError ? error.message : explain(error));
      return 1;
    }
    console.say("Logged in: the credential is stored. A running server takes it up within a second.");
    return 0;
  });
}

async function run(context: LoginContext, args: readonly string[], console: Console): Promise<void> {
  const stop = new AbortController();
  if (args.includes("--browser")) return await inBrowser(context, console, stop.signal);
  try {
    return await byDevice(context, console, stop.signal);
  } catch (error) {
    const useBrowser = error instanceof LoginError && error.kind === "unsupported" && !args.includes("--device");
    if (!useBrowser) throw error;
  }
  await inBrowser(context, console, stop.signal);
}

async function byDevice(context: LoginContext, console: Console, signal: AbortSignal): Promise<void> {
  const { prompt, finish } = await startDeviceLogin(context, signal);
  console.say("To log in, open this page in any browser, on any machine:");
  console.say("");
  console.say(`  ${console.bold(prompt.verificationUri)}`);
  console.say("");
  console.say(`and enter the code  ${console.bold(prompt.userCode)}`);
  if (prompt.verificationUriComplete !== null) {
    console.say("");
    console.say(`Or open it with the code filled in: ${prompt.verificationUriComplete}`);
  }
  console.say("");
  console.say(
    console.dim(`Waiting; the code is good for ${Math.ceil(prompt.expiresIn / 60)} minutes. Ctrl-C to give up.`),
  );
  await finish(signal);
}

async function inBrowser(context: LoginContext, console: Console, signal: AbortSignal): Promise<void> {
  const { url, finish } = await startBrowserLogin(context, signal);
  console.say("To log in, open this address in a browser of this machine:");
  console.say("");
  console.say(`  ${console.bold(url.href)}`);
  console.say("");
  console.say(console.dim("Waiting for the browser to come back. Ctrl-C to give up."));
  await finish(signal);
}
