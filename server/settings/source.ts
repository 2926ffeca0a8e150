import { parseEnv } from "node:util";

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Where settings come from. */
export interface SettingsSource {
  /** The process's environment, with what {@linkcode takeProxyVariables} took from it. */
  readonly env: Readonly<Record<string, string>>;
  /** The text of `.env`; null: there is none. */
  readonly dotenv: string | null;
  /** Reads a file that a setting names; throws where it cannot. */
  readonly readTextFile: (path: string) => string;
  /** Decides where the folders are. */
  readonly platform: "linux" | "darwin" | "windows";
}

/** The proxy variables that other programs share; each also works in lower case, which wins as with curl. */
export const SHARED_PROXY_VARIABLES: readonly string[] = ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"];

/** The part of `Deno.env` that {@linkcode takeProxyVariables} needs. */
export interface ProcessEnvironment {
  /** The value of a variable; undefined where it is not set. */
  get(name: string): string | undefined;
  /** Unsets a variable. */
  delete(name: string): void;
}

/**
 * Takes the shared proxy variables, in both cases, out of the process: `fetch` obeys them even for loopback, and no
 * client can opt out. To be called before the first `fetch`.
 *
 * @returns what was taken, to be handed to {@linkcode loadSettings} as part of `env`
 */
export function takeProxyVariables(env: ProcessEnvironment): Record<string, string> {
  const names = SHARED_PROXY_VARIABLES.flatMap((name) => [name.toLowerCase(), name]);
  const taken: Record<string, string> = {};
  for (const name of names) {
    const value = env.get(name);
    if (value !== undefined) taken[name] = value;
  }
  // Only now: on Windows both cases are one variable.
  for (const name of names) env.delete(name);
  return taken;
}

/** What is set, before it is parsed. */
export interface MergedSource {
  /** Every variable that is set and not empty, environment over `.env`. */
  readonly texts: ReadonlyMap<string, string>;
  /** How many entries of `.env` have no proper name; `TOKEN: abc==` is one, and its "name" holds the token. */
  readonly malformed: number;
}

/** Lays the environment over `.env`. An empty value counts as unset. */
export function mergeSource({ env, dotenv }: SettingsSource): MergedSource {
  const fromFile = dotenv === null ? {} : parseEnv(dotenv.replace(/^\ufeff/, ""));
  return {
    texts: new Map([...layer(fromFile), ...layer(env)]),
    malformed: Object.keys(fromFile).filter((name) => !NAME.test(name)).length,
  };
}

function layer(record: Readonly<Record<string, string | undefined>>): Map<string, string> {
  const set = new Map<string, string>();
  for (const [name, value] of Object.entries(record)) {
    if (NAME.test(name) && value !== undefined && value !== "") set.set(name, value);
  }
  for (const name of SHARED_PROXY_VARIABLES) {
    const lower = set.get(name.toLowerCase());
    if (lower !== undefined) set.set(name, lower);
  }
  return set;
}
