import type { PasswordHasher } from "../accounts/mod.ts";
import { type App, startApp } from "../app.ts";
import type { Clock } from "../effects/mod.ts";
import { formatFault, loadSettings, type Settings } from "../settings/mod.ts";
import { type Logger, silentLogger } from "../telemetry/mod.ts";
import type { MockUpstream } from "./mock_upstream.ts";

/** Most tests are about something else than how long a guess takes. */
const quickHasher: PasswordHasher = {
  hash: (password) => Promise.resolve(`quick ${password.fingerprint}`),
  verify: (password, stored) => Promise.resolve(stored === `quick ${password.fingerprint}`),
  close() {},
};

/** A key that seals what a test stores. */
const TEST_KEY = btoa("k".repeat(32));

/** A server in a folder of its own. */
export class Gate implements AsyncDisposable {
  constructor(readonly app: App, readonly dir: string) {}

  get origin(): string {
    return this.app.url.origin;
  }

  /** Asks the server for `path`. */
  fetch(path: string, init: RequestInit = {}): Promise<Response> {
    return fetch(new URL(path, this.app.url), init);
  }

  /** Posts a chat request as it stands. */
  chat(body: BodyInit, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers);
    if (!headers.has("content-type")) headers.set("content-type", "application/json");
    return this.fetch("/v1/chat/completions", { ...init, method: "POST", body, headers });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.app.stop();
    await Deno.remove(this.dir, { recursive: true });
  }
}

/** What a test may hand to the server beside its settings. */
export interface GateOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly clock?: Clock;
  readonly log?: Logger;
  /** Passwords as the product hashes them, which takes its time. */
  readonly slowPasswords?: boolean;
}

/** The settings of a server in `dir`. */
export function settingsIn(dir: string, env: Readonly<Record<string, string>>): Settings {
  const loaded = loadSettings({
    env: {
      HOME: dir,
      XDG_CONFIG_HOME: `${dir}/config`,
      DATA_DIR: `${dir}/data`,
      GATEHOUSE_KEY: TEST_KEY,
      PORT: "0",
      DRAIN_TIMEOUT: "1",
      ...env,
    },
    dotenv: null,
    readTextFile: (path) => Deno.readTextFileSync(path),
    platform: "linux",
  });
  if (loaded.ok) return loaded.settings;
  throw new Error(loaded.faults.map(formatFault).join("\n"));
}

/** Starts a server before `upstream`, with an API key unless the test names a credential. */
export async function startGate(upstream: MockUpstream | string, options: GateOptions = {}): Promise<Gate> {
  const { env = {}, clock, log = silentLogger, slowPasswords = false } = options;
  const chatUrl = typeof upstream === "string" ? upstream : upstream.chatUrl;
  const dir = await Deno.makeTempDir();
  try {
    const settings = settingsIn(dir, { LLM_API_URL: chatUrl, LLM_MODEL_NAME: "m1", ...env });
    const app = await startApp({
      settings,
      log,
      ...(clock === undefined ? {} : { clock }),
      ...(slowPasswords ? {} : { hasher: quickHasher }),
    });
    return new Gate(app, dir);
  } catch (error) {
    await Deno.remove(dir, { recursive: true });
    throw error;
  }
}

/** The settings of a static API key. */
export const API_KEY = { API_KEY_ENV_VAR: "MODEL_KEY", MODEL_KEY: "sk-upstream/key+with=signs" } as const;
