import { monotonicUlid } from "@std/ulid";
import { FakeClock } from "../../effects/fake_clock.ts";
import { GatehouseError } from "../../errors/mod.ts";
import { type FaultyStore, memoryStore, withFaults } from "../../storage/testing.ts";
import { silentLogger } from "../../telemetry/mod.ts";
import type { Keys } from "./keys.ts";
import { openKeys, type OpenKeysOptions } from "./open_keys.ts";

/** One replica on the shared store, with faults of its own. */
export interface Replica {
  readonly keys: Keys;
  readonly store: FaultyStore;
}

/** Keys of several processes on one store and one clock. */
export interface Install extends Replica, AsyncDisposable {
  readonly clock: FakeClock;
  /** One more process. */
  replica(options?: Partial<OpenKeysOptions>): Replica;
}

export async function install(options: Partial<OpenKeysOptions> = {}): Promise<Install> {
  const clock = new FakeClock();
  const shared = await memoryStore();
  const opened: Keys[] = [];
  function replica(own: Partial<OpenKeysOptions> = {}): Replica {
    const store = withFaults(shared, clock);
    const keys = openKeys({ store, clock, newId: () => monotonicUlid(clock.now()), log: silentLogger, ...own });
    opened.push(keys);
    return { keys, store };
  }
  return {
    ...replica(options),
    clock,
    replica,
    async [Symbol.asyncDispose]() {
      for (const keys of opened) await keys.close();
      shared.close();
    },
  };
}

/** The code of an error and the field it names, or `ok`. */
export async function outcome(work: () => unknown): Promise<string> {
  try {
    await work();
    return "ok";
  } catch (error) {
    if (!(error instanceof GatehouseError)) throw error;
    return error.param === null ? error.code : `${error.code} ${error.param}`;
  }
}

/** Everything in the store as one text: strings as they are, bytes as Latin-1, keys included. */
export async function textOf(store: FaultyStore): Promise<string> {
  const parts: string[] = [];
  const walk = (value: unknown): void => {
    if (value instanceof Uint8Array) parts.push(String.fromCharCode(...value));
    else if (typeof value === "object" && value !== null) {
      [...Object.keys(value), ...Object.values(value)].forEach(walk);
    } else parts.push(String(value));
  };
  for await (const { key, value } of store.list([])) walk([key, value]);
  return parts.join("\n");
}
