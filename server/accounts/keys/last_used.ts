import type { Clock, Timer } from "../../effects/mod.ts";
import type { Store } from "../../storage/mod.ts";
import type { Logger } from "../../telemetry/mod.ts";
import { AT } from "./key_record.ts";

/** When keys were last used: noted in memory, written behind, so that no request waits for a write. */
export interface LastUsed {
  /** The key is used now. */
  note(id: string): void;
  /** In milliseconds since the epoch; null: not known to have been used. @throws {GatehouseError} `storage_unavailable` */
  read(id: string): Promise<number | null>;
  /** Writes what waits, as far as the store lets it, and takes no more. Never rejects. */
  close(): Promise<void>;
}

/** From a use to its writing, in milliseconds. */
const WRITE_AFTER = 10_000;
/** A use so soon after the last writing, in milliseconds, is not written. */
const WRITE_EVERY = 60_000;
/** A commit takes no more checks. */
const BATCH = 100;

/** Opens the notes of last uses. */
export function openLastUsed(
  { store, clock, log }: { readonly store: Store; readonly clock: Clock; readonly log: Logger },
): LastUsed {
  const waiting = new Map<string, number>();
  const writtenAt = new Map<string, number>();
  let timer: Timer | null = null;
  let writing: Promise<void> | null = null;
  let closed = false;

  function arm(): void {
    if (closed || timer !== null || writing !== null || waiting.size === 0) return;
    timer = clock.setTimeout(() => {
      timer = null;
      writing = writeAll().finally(() => {
        writing = null;
        arm();
      });
    }, WRITE_AFTER);
  }

  async function writeAll(): Promise<void> {
    const now = clock.monotonic();
    for (const [id, at] of writtenAt) if (now - at >= WRITE_EVERY) writtenAt.delete(id);
    const uses = [...waiting];
    try {
      for (let i = 0; i < uses.length; i += BATCH) await write(uses.slice(i, i + BATCH));
    } catch (error) {
      log.debug("the last use of API keys could not be written and is tried again", { error });
    }
  }

  /** Only keys that are there still: a revoked one leaves nothing behind. */
  async function write(uses: readonly (readonly [string, number])[]): Promise<void> {
    const found = await Promise.all(uses.map(([id]) => store.get(AT.id(id))));
    const checks = found.filter((entry) => entry !== null).map(({ key, version }) => ({ key, version }));
    const puts = uses.filter((_, i) => found[i] !== null).map(([id, value]) => ({ key: AT.used(id), value }));
    // Refused when one was revoked in between: the next round leaves it out.
    if (puts.length > 0 && await store.commit({ checks, puts }) === null) return;
    for (const [id] of uses) {
      waiting.delete(id);
      writtenAt.set(id, clock.monotonic());
    }
  }

  return {
    note(id) {
      const last = writtenAt.get(id);
      if (closed || last !== undefined && clock.monotonic() - last < WRITE_EVERY) return;
      waiting.set(id, clock.now());
      arm();
    },
    async read(id) {
      const value = (await store.get<unknown>(AT.used(id)))?.value;
      const latest = Math.max(typeof value === "number" ? value : -Infinity, waiting.get(id) ?? -Infinity);
      return latest === -Infinity ? null : latest;
    },
    async close() {
      closed = true;
      if (timer !== null) clock.clearTimeout(timer);
      timer = null;
      await writing;
      await writeAll();
    },
  };
}
