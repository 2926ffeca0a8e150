import { assert, assertEquals } from "@std/assert";
import { FakeClock } from "../../effects/fake_clock.ts";
import { GatehouseError } from "../../errors/mod.ts";
import { createWatchdog, type Watchdog } from "../../network/mod.ts";
import { Secret } from "../../secrets/mod.ts";
import type { OAuthSettings } from "../../settings/mod.ts";
import { openVault, type Store, type Vault } from "../../storage/mod.ts";
import { type FaultyStore, type MemoryLocks, memoryLocks, memoryStore } from "../../storage/testing.ts";
import { type CapturedLog, capturedLog } from "./captured_log.ts";
import { type CredentialStore, openCredentialStore } from "../mod.ts";
import { FakeProvider } from "./fake_provider.ts";
import { mapStore, quickVault } from "./memory.ts";
import { Machine, type MachineOptions, type Sent } from "./machine.ts";
import { QuickClock } from "./quick_clock.ts";

/** A signal that never fires. */
export const never = new AbortController().signal;

/** One store, one provider, and any number of processes between them. */
export interface Rig {
  readonly clock: QuickClock | FakeClock;
  readonly provider: FakeProvider;
  readonly store: Store;
  readonly vault: Vault;
  readonly locks: MemoryLocks;
  readonly log: CapturedLog;
  /** Bounds the answers to logins. */
  readonly watchdog: Watchdog;
  readonly sent: Sent[];
  /** Starts a process: opens a credential with store, clock and locks that end with it. */
  start(options?: MachineOptions): Promise<Machine>;
  /** The stored credential, past all processes. */
  stored(settings?: Partial<OAuthSettings>): Promise<CredentialStore>;
  /** The settings of the rig with some replaced. */
  settings(changes?: Partial<OAuthSettings>): OAuthSettings;
}

export interface RigOptions {
  /** A real Deno KV in memory, a real vault and the common fake clock: slower, and nothing is pretended. */
  readonly real?: boolean;
  readonly settings?: Partial<OAuthSettings>;
}

const TOKEN_URL = new URL("https://idp.example/token");

/** A bare public client of a token URL, without any seed. */
export const PLAIN: OAuthSettings = {
  kind: "oauth2",
  grant: "refresh_token",
  issuer: null,
  tokenUrl: TOKEN_URL,
  deviceUrl: null,
  authorizeUrl: null,
  revokeUrl: null,
  redirectUri: null,
  clientId: "client-1",
  clientSecret: null,
  clientAuth: "none",
  scope: null,
  extraParams: [],
  refreshToken: null,
  accessToken: null,
  accessTokenExpiresAt: null,
};

/**
 * Runs a test with a rig and ends everything in it. Every token of the fake provider has the word "canary" in it: at the end no
 * log line and no stored value may hold it.
 */
export async function withRig(test: (rig: Rig) => Promise<void>, options: RigOptions = {}): Promise<void> {
  const clock = options.real ? new FakeClock() : new QuickClock();
  const store: Store = options.real ? await memoryStore({ clock }) : mapStore();
  const log = capturedLog();
  const vault = options.real ? await realVault(log) : quickVault();
  const provider = new FakeProvider(clock);
  const locks = memoryLocks(clock);
  const machines: Machine[] = [];
  const settings = (changes: Partial<OAuthSettings> = {}) => ({ ...PLAIN, ...options.settings, ...changes });
  const rig: Rig = {
    clock,
    provider,
    store,
    vault,
    locks,
    log,
    watchdog: createWatchdog(clock),
    sent: [],
    settings,
    stored: (changes) => openCredentialStore({ store, vault, upstream: "main", settings: settings(changes) }),
    async start(machineOptions = {}) {
      const machine = await Machine.start({ ...rig, settings: settings(machineOptions.settings) }, machineOptions);
      machines.push(machine);
      return machine;
    },
  };
  try {
    await test(rig);
    for (const machine of machines) assert(!Deno.inspect(machine.credential.health()).includes("canary"));
    await assertNoCanary(rig);
  } finally {
    provider.close();
    for (const machine of machines) {
      machine.store.heal();
      await whileAdvancing(clock, machine.stop());
    }
    rig.watchdog.close();
    assertEquals(clock.pending, 0, "timers are left");
    store.close();
  }
}

/** Lets time pass until `work` is done. */
export async function whileAdvancing<T>(clock: QuickClock | FakeClock, work: Promise<T>): Promise<T> {
  let done = false;
  work.finally(() => done = true).catch(() => {});
  for (let i = 0; i < 2000 && !done; i++) await clock.advance(100);
  assert(done, "the work did not end within 200 s");
  return await work;
}

async function assertNoCanary(rig: Rig): Promise<void> {
  const line = rig.log.lines.find((line) => line.includes("canary"));
  assert(line === undefined, `a token in the log: ${line}`);
  for await (const { key, value } of rig.store.list([])) {
    const text = Deno.inspect([key, value], { depth: 10, strAbbreviateSize: 1e6, iterableLimit: 1e6 });
    const bytes = value instanceof Object && "data" in value && value.data instanceof Uint8Array ? value.data : null;
    const clear = new TextDecoder("latin1").decode(bytes ?? new Uint8Array());
    assert(!text.includes("canary") && !clear.includes("canary"), "a token in clear in the store");
  }
}

function realVault(log: CapturedLog): Promise<Vault> {
  const sealingKey = new Secret(btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(32)))));
  return openVault({ settings: { configDir: "/nonexistent", sealingKey }, log });
}

/** The error that `work` ends with; it must be one of ours and hold no token. */
export async function refusal(work: () => unknown): Promise<GatehouseError> {
  try {
    await work();
  } catch (error) {
    assert(error instanceof GatehouseError, Deno.inspect(error));
    assert(!Deno.inspect(error).includes("canary") && error.cause === undefined);
    return error;
  }
  throw new Error("It was expected to be refused");
}

export type { FaultyStore };
