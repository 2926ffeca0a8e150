import { type Fault, type LoadedSettings, loadSettings, takeProxyVariables } from "../settings/mod.ts";

/** The settings as the server would read them, and which proxy variables the environment held. */
export interface OwnSettings {
  readonly loaded: LoadedSettings;
  readonly proxyVariables: readonly string[];
}

/** Reads this process's environment and `.env`; takes the proxy variables out of the process. */
export function loadOwnSettings(): OwnSettings {
  const proxies = takeProxyVariables(Deno.env);
  const proxyVariables = Object.keys(proxies);
  const dotenv = readDotenv();
  if (typeof dotenv === "object" && dotenv !== null) {
    return { loaded: { ok: false, faults: [dotenv], warnings: [] }, proxyVariables };
  }
  const loaded = loadSettings({
    env: { ...Deno.env.toObject(), ...proxies },
    dotenv,
    readTextFile: (path) => Deno.readTextFileSync(path),
    platform: Deno.build.os === "windows" || Deno.build.os === "darwin" ? Deno.build.os : "linux",
  });
  return { loaded, proxyVariables };
}

const UNREADABLE: Fault = {
  name: ".env",
  found: "a file that cannot be read",
  expected: "a text file that this user may read, or none",
};

function readDotenv(): string | Fault | null {
  try {
    return Deno.readTextFileSync(".env");
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.IsADirectory) return null;
    return UNREADABLE;
  }
}
