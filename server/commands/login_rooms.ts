import { type LoginContext, openLogin } from "../credential/mod.ts";
import { systemClock } from "../effects/mod.ts";
import { createHttpClient, createWatchdog } from "../network/mod.ts";
import type { OAuthSettings, Settings } from "../settings/mod.ts";
import { openStore, openVault } from "../storage/mod.ts";
import type { Console } from "./console.ts";
import { commandLogger, processSettings } from "./process.ts";

/** An upstream whose credential comes from an identity provider. */
export interface OAuthUpstream {
  readonly name: string;
  readonly settings: OAuthSettings;
}

/** The upstream of the settings that can be logged in to; null, with the reason told, when there is none. */
export function oauthUpstream({ demo, upstreams }: Settings, console: Console): OAuthUpstream | null {
  const [upstream] = upstreams;
  if (demo || upstream === undefined) {
    console.complain(
      "Nothing is configured, so the demo would run, which needs no login. Set LLM_API_URL and OAUTH_*; the README has examples.",
    );
    return null;
  }
  if (upstream.credential.kind !== "oauth2") {
    const kind = upstream.credential.kind === "api_key"
      ? `an API key (${upstream.credential.variable})`
      : "no credential";
    console.complain(`The model is configured with ${kind}: there is nothing to log in to.`);
    return null;
  }
  return { name: upstream.name, settings: upstream.credential };
}

/**
 * Opens what a command needs of the store and the network, runs it, and closes everything. A running server on the same
 * store is not disturbed.
 *
 * @returns the command's exit code; 1 when there is nothing it could work on
 */
export async function withLogin(
  console: Console,
  run: (context: LoginContext, upstream: OAuthUpstream, settings: Settings) => Promise<number>,
): Promise<number> {
  const settings = processSettings(console);
  const upstream = settings === null ? null : oauthUpstream(settings, console);
  if (settings === null || upstream === null) return 1;
  const log = commandLogger();
  const clock = systemClock;
  const http = createHttpClient({ settings: settings.network, clock, random: Math.random, log });
  const watchdog = createWatchdog(clock);
  const store = await openStore({ settings: settings.storage, clock, log });
  try {
    const vault = await openVault({ settings: settings.storage, log });
    const context = await openLogin({
      upstream: upstream.name,
      settings: upstream.settings,
      store,
      vault,
      http,
      watchdog,
      clock,
    });
    return await run(context, upstream, settings);
  } finally {
    watchdog.close();
    store.close();
    http.close();
    await log.close();
  }
}
