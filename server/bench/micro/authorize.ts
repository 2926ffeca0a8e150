import { ulid } from "@std/ulid";
import { type Credential, openCredential } from "../../credential/mod.ts";
import { systemClock } from "../../effects/mod.ts";
import { createWatchdog } from "../../network/mod.ts";
import { loadSettings, type UpstreamSettings } from "../../settings/mod.ts";
import type { Locks, Store, Vault } from "../../storage/mod.ts";
import { silentLogger } from "../../telemetry/mod.ts";
import { median } from "../stats.ts";

/** What one request pays for its access token. */
export interface AuthorizeCost {
  readonly nanoseconds: number;
  /** Touches of the store during all calls. */
  readonly storeCalls: number;
  readonly lockCalls: number;
}

/** Times `authorize()` of an OAuth2 credential whose access token is valid for a day, on a store that counts. */
export async function measureAuthorize(rounds: number, callsPerRound: number): Promise<AuthorizeCost> {
  const count = { store: 0, locks: 0 };
  const credential = await openCredential({
    upstream: upstreamSettings(),
    store: countingStore(() => count.store++),
    locks: countingLocks(() => count.locks++),
    vault: plainVault,
    http: { fetch: () => Promise.reject(new Error("The token is valid: nobody is to be asked")), close() {} },
    watchdog: createWatchdog(systemClock),
    clock: systemClock,
    random: Math.random,
    newId: ulid,
    log: silentLogger,
  });
  try {
    const before = { ...count };
    const signal = new AbortController().signal;
    const times: number[] = [];
    for (let round = 0; round < rounds; round++) {
      times.push(await timeOfCall(credential, signal, callsPerRound));
    }
    return {
      nanoseconds: median(times),
      storeCalls: count.store - before.store,
      lockCalls: count.locks - before.locks,
    };
  } finally {
    await credential.close();
  }
}

async function timeOfCall(credential: Credential, signal: AbortSignal, calls: number): Promise<number> {
  let headers = 0;
  const begin = performance.now();
  for (let call = 0; call < calls; call++) {
    const authorization = credential.authorize(signal);
    headers += (authorization instanceof Promise ? await authorization : authorization).headers.length;
  }
  const time = performance.now() - begin;
  if (headers !== calls) throw new Error("authorize() gave no single header per call");
  return time * 1e6 / calls;
}

function upstreamSettings(): UpstreamSettings {
  const loaded = loadSettings({
    env: {
      LLM_API_URL: "http://127.0.0.1:9/v1/chat/completions",
      OAUTH_TOKEN_URL: "http://127.0.0.1:9/token",
      OAUTH_CLIENT_ID: "bench",
      OAUTH_REFRESH_TOKEN: "bench-seed",
      OAUTH_ACCESS_TOKEN: "bench-access-token",
      OAUTH_ACCESS_TOKEN_EXPIRES_AT: new Date(Date.now() + 86_400_000).toISOString(),
      DATA_DIR: "/nowhere",
      HOME: "/nowhere",
    },
    dotenv: null,
    readTextFile: () => "",
    platform: "linux",
  });
  const upstream = loaded.ok ? loaded.settings.upstreams[0] : undefined;
  if (upstream === undefined) throw new Error(`The settings are not accepted: ${JSON.stringify(loaded)}`);
  return upstream;
}

/** A store in memory: the hot path must not come near it, so its speed does not matter. */
function countingStore(onCall: () => void): Store {
  const values = new Map<string, { readonly value: unknown; readonly version: string }>();
  let commits = 0;
  return {
    get<T>(key: Deno.KvKey) {
      onCall();
      const entry = values.get(JSON.stringify(key));
      // The caller names the type of what it stored under the key.
      return Promise.resolve(entry === undefined ? null : { key, value: entry.value as T, version: entry.version });
    },
    async *list() {
      onCall();
      yield* [];
    },
    commit({ checks = [], puts = [], deletes = [] }) {
      onCall();
      if (checks.some(({ key, version }) => (values.get(JSON.stringify(key))?.version ?? null) !== version)) {
        return Promise.resolve(null);
      }
      const version = String(++commits);
      for (const { key, value } of puts) values.set(JSON.stringify(key), { value, version });
      for (const key of deletes) values.delete(JSON.stringify(key));
      return Promise.resolve(version);
    },
    close() {},
  };
}

function countingLocks(onCall: () => void): Locks {
  return {
    acquire() {
      onCall();
      return Promise.resolve({ lost: new AbortController().signal, release: () => Promise.resolve() });
    },
  };
}

/** Seals nothing: what is stored here is no secret. */
const plainVault: Vault = {
  seal: (_key, value) =>
    Promise.resolve({ kid: "none", iv: new Uint8Array(), data: new TextEncoder().encode(JSON.stringify(value)) }),
  unseal: (_key, record) => {
    if (typeof record !== "object" || record === null || !("data" in record) || !(record.data instanceof Uint8Array)) {
      return Promise.reject(new Error("This record was not stored here"));
    }
    return Promise.resolve(JSON.parse(new TextDecoder().decode(record.data)));
  },
  fingerprint: (secret) => Promise.resolve(secret.fingerprint),
};
