import { GatehouseError } from "../../errors/mod.ts";
import type { Store } from "../../storage/mod.ts";
import type { Logger } from "../../telemetry/mod.ts";
import { AT } from "./user_record.ts";

/** Deletes what belongs to a user, again where it was begun before: a user that has nothing is no failure. */
export type Eraser = (userId: string) => Promise<void>;

/** Ends what the removal of a user has begun by a mark in the store. */
export interface Removals {
  /** Whether a user is marked. @throws {GatehouseError} `storage_unavailable` */
  isMarked(id: string): Promise<boolean>;
  /** Erases all that is the user's, then the mark. @throws what an eraser throws; the mark stays */
  finish(id: string): Promise<void>;
  /** Finishes all that are marked; one that fails is logged and left for the next time. @throws {GatehouseError} `storage_unavailable` */
  resume(): Promise<void>;
}

/** What {@linkcode createRemovals} is made of. */
export interface RemovalsOptions {
  readonly store: Store;
  readonly erasers: readonly Eraser[];
  readonly log: Logger;
}

export function createRemovals({ store, erasers, log }: RemovalsOptions): Removals {
  async function finish(id: string): Promise<void> {
    for (const erase of erasers) await erase(id);
    await store.commit({ deletes: [AT.leaving(id)] });
  }

  return {
    isMarked: async (id) => await store.get(AT.leaving(id)) !== null,
    finish,
    async resume() {
      const marked: string[] = [];
      for await (const { key } of store.list(AT.allLeaving)) marked.push(String(key.at(-1)));
      for (const id of marked) {
        try {
          await finish(id);
        } catch (error) {
          const code = error instanceof GatehouseError ? error.code : "internal_error";
          log.warn("what a removed user has left is not all deleted yet", { user: id, code });
        }
      }
    },
  };
}
