import { ulid } from "@std/ulid";
import { assertEquals, assertInstanceOf } from "@std/assert";
import { FakeClock } from "../../effects/fake_clock.ts";
import { type ErrorCode, GatehouseError } from "../../errors/mod.ts";
import { Secret } from "../../secrets/mod.ts";
import { openVault, type Store, type Vault } from "../../storage/mod.ts";
import { type FaultyStore, memoryStore, withFaults } from "../../storage/testing.ts";
import { type Logger, silentLogger } from "../../telemetry/mod.ts";
import type { Install } from "../install.ts";
import { NO_LIMITS } from "../limits.ts";
import type { User } from "../users/users.ts";
import { openTokens, type OpenTokensOptions } from "./open_tokens.ts";
import type { Tokens } from "./tokens.ts";

export const INSTALL: Install = { id: ulid(), createdAt: 0 };
export const JWT_SECRET = new Secret("a secret of more than thirty-two bytes");
export const MINUTE = 60_000;
export const DAY = 24 * 60 * MINUTE;

/** One store with any number of processes on it. */
export interface Rig {
  readonly clock: FakeClock;
  readonly store: Store;
  readonly vault: Vault;
  readonly warnings: string[];
  /** The users there are; a test may change them. */
  readonly users: Map<string, User>;
  /** Adds a user. */
  addUser(): User;
  /** Starts a process, with faults of its own. */
  start(options?: Partial<OpenTokensOptions>): Process;
}

export interface Process extends Tokens {
  readonly store: FaultyStore;
}

export async function withRig(test: (rig: Rig) => Promise<void>): Promise<void> {
  const clock = new FakeClock();
  const store = await memoryStore({ clock });
  const sealingKey = new Secret(new Uint8Array(32).fill(7).toBase64());
  const vault = await openVault({ settings: { configDir: "", sealingKey }, log: silentLogger });
  const users = new Map<string, User>();
  const warnings: string[] = [];
  const keep = (message: string) => void warnings.push(message);
  const log: Logger = { ...silentLogger, warn: keep, error: keep };
  try {
    await test({
      clock,
      store,
      vault,
      users,
      warnings,
      addUser() {
        const id = ulid();
        const user: User = {
          id,
          username: id,
          email: null,
          role: "user",
          disabled: false,
          models: null,
          limits: NO_LIMITS,
          generation: 0,
          createdAt: clock.now(),
        };
        users.set(id, user);
        return user;
      },
      start(options = {}) {
        const own = withFaults(store, clock);
        const tokens = openTokens({
          store: own,
          vault,
          clock,
          newId: ulid,
          install: INSTALL,
          secret: JWT_SECRET,
          accessTokenExpire: 30 * MINUTE,
          user: (id) => Promise.resolve(users.get(id) ?? null),
          log,
          ...options,
        });
        return { ...tokens, store: own };
      },
    });
    assertEquals(clock.pending, 0);
  } finally {
    store.close();
  }
}

/** Demands that `work` fails with this code. @returns the error's message */
export async function assertCode(code: ErrorCode, work: () => unknown): Promise<string> {
  let error: unknown;
  try {
    await work();
  } catch (thrown) {
    error = thrown;
  }
  assertInstanceOf(error, GatehouseError);
  assertEquals(error.code, code);
  return error.message;
}

/** The key that signs access tokens under {@linkcode JWT_SECRET}: with it a test forges what only the server could. */
export function accessKey(): Uint8Array {
  return new TextEncoder().encode(JWT_SECRET.reveal());
}

export function encode(text: string): string {
  return new TextEncoder().encode(text).toBase64({ alphabet: "base64url", omitPadding: true });
}

export function decode(text: string): string {
  return new TextDecoder().decode(Uint8Array.fromBase64(text, { alphabet: "base64url" }));
}
