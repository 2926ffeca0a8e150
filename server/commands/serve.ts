import { createPasswordHasher } from "../accounts/mod.ts";
import { systemClock } from "../effects/mod.ts";
import { type App, startApp } from "../app.ts";
import { UnsealError } from "../storage/mod.ts";
import { StartError } from "../app.ts";
import { StorageStartError } from "../storage/mod.ts";
import type { Settings } from "../settings/mod.ts";
import type { RootLogger } from "../telemetry/mod.ts";
import { banner } from "./banner.ts";
import type { Console } from "./console.ts";
import { processLogger, processSettings } from "./process.ts";
import { runtimeWarning } from "./runtime.ts";

/**
 * `gatehouse serve`: runs the server until it is told to stop.
 *
 * @param worker the module that hashes passwords when it is started as a worker
 * @returns the exit code
 */
export async function serve(console: Console, worker: URL): Promise<number> {
  const settings = processSettings(console);
  if (settings === null) return 1;
  const log = processLogger(settings);
  try {
    const warning = runtimeWarning(Deno.version.deno);
    if (warning !== null) log.warn(warning);
    return await run(settings, log, console, worker);
  } finally {
    await log.close();
  }
}

async function run(settings: Settings, log: RootLogger, console: Console, worker: URL): Promise<number> {
  let app: App;
  try {
    // Off this thread: a login must not hold up streams.
    app = await startApp({ settings, log, hasher: createPasswordHasher({ worker, clock: systemClock, log }) });
  } catch (error) {
    if (!(error instanceof StartError || error instanceof StorageStartError || error instanceof UnsealError)) {
      throw error;
    }
    console.complain(error.message);
    return 1;
  }
  globalThis.addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    log.error("a fault that nobody awaited", {
      error: event.reason instanceof Error ? event.reason : typeof event.reason,
    });
  });
  if (console.isTerminal) { for (const line of banner(app, settings, console)) console.say(line); }
  else if (app.demo) {
    log.warn(
      "this is the built-in demo: set LLM_API_URL and OAUTH_ISSUER, or LLM_BASE_URL and API_KEY_ENV_VAR, to serve a model of yours",
    );
  }
  const told = Promise.withResolvers<void>();
  let signals = 0;
  const onSignal = () => {
    // A person who asks twice does not want to wait for open streams.
    if (++signals > 1) Deno.exit(130);
    told.resolve();
  };
  const names: Deno.Signal[] = Deno.build.os === "windows" ? ["SIGINT", "SIGBREAK"] : ["SIGINT", "SIGTERM"];
  for (const name of names) Deno.addSignalListener(name, onSignal);
  try {
    await Promise.race([told.promise, app.finished]);
    await app.stop();
    return 0;
  } finally {
    for (const name of names) Deno.removeSignalListener(name, onSignal);
  }
}
