import { monotonicUlid } from "@std/ulid";
import { FakeClock } from "../../effects/fake_clock.ts";
import { GatehouseError } from "../../errors/mod.ts";
import { Secret } from "../../secrets/mod.ts";
import { type FaultyStore, memoryStore } from "../../storage/testing.ts";
import { silentLogger } from "../../telemetry/mod.ts";
import type { PasswordHasher } from "../passwords/hasher.ts";
import { openUsers, type UsersOptions } from "./open_users.ts";
import type { Users } from "./users.ts";

/** A hasher that costs nothing, with a record of what it was asked. */
export interface FastHasher extends PasswordHasher {
  /** What `verify` was called with, in order: the stored hash. */
  readonly verified: (string | null)[];
  /** While it is set, `verify` waits for it. */
  gate: Promise<void> | null;
  /** While it is set, every call throws it. */
  fault: Error | null;
}

export function fastHasher(): FastHasher {
  const hasher: FastHasher = {
    verified: [],
    gate: null,
    fault: null,
    hash: (password) => Promise.resolve(`hash of ${password.reveal()}`),
    async verify(password, stored) {
      if (hasher.fault !== null) throw hasher.fault;
      hasher.verified.push(stored);
      await hasher.gate;
      return stored === `hash of ${password.reveal()}`;
    },
    close() {},
  };
  return hasher;
}

/** Users on a store in memory. */
export interface UsersFixture extends AsyncDisposable {
  readonly store: FaultyStore;
  readonly clock: FakeClock;
  readonly hasher: FastHasher;
  readonly users: Users;
  /** Another process on the same store. */
  open(options?: Partial<UsersOptions>): Users;
}

export async function usersFixture(options: Partial<UsersOptions> = {}): Promise<UsersFixture> {
  const clock = new FakeClock();
  const store = await memoryStore({ clock });
  const hasher = fastHasher();
  const given = { store, clock, hasher, newId: () => monotonicUlid(clock.now()), log: silentLogger, erasers: [] };
  return {
    store,
    clock,
    hasher,
    users: openUsers({ ...given, ...options }),
    open: (others = {}) => openUsers({ ...given, ...options, ...others }),
    [Symbol.asyncDispose]() {
      store.close();
      return Promise.resolve();
    },
  };
}

export const PASSWORD = new Secret("correct horse");

/** What a promise rejects with, as its code and the field at fault; "ok" if it does not. */
export async function outcome(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return "ok";
  } catch (error) {
    if (!(error instanceof GatehouseError)) throw error;
    return error.param === null ? error.code : `${error.code} ${error.param}`;
  }
}
