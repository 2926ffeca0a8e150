import { type Clock, delay } from "../effects/mod.ts";
import type { Inference } from "../inference/mod.ts";
import type { Locks, Store } from "../storage/mod.ts";
import type { Logger } from "../telemetry/mod.ts";
import type { Models, Upstream } from "../upstream/mod.ts";
import type { Conversations } from "./conversations.ts";
import { createLibrary } from "./library/create_library.ts";
import { openPresence } from "./open_presence.ts";
import { createStatelessTasks } from "./rounds/create_stateless.ts";
import { Beat } from "./turns/beat.ts";
import { createTurns } from "./turns/create_turns.ts";

/** How often what a crash or a failing store has left half done is looked for, in milliseconds. */
const MEND_EVERY = 60_000;

/** How often the store is asked what other processes do, in milliseconds: a file answers in a fraction of one. */
const ASK_EVERY = { file: 50, remote: 500 };

/** How long a stop waits for what is being cleared away, in milliseconds. */
const PATIENCE = 1_000;

/** What conversations stand on. */
export interface ConversationsOptions {
  /** Where they are stored. */
  readonly store: Store;
  /** The store is asked over a network: it is asked less often. @default false */
  readonly isRemote?: boolean;
  /** Tell who of the processes on the store is alive. */
  readonly locks: Locks;
  /** The models that answer, asked anew for every request and never kept. @param model null: the default */
  readonly resolve: (model: string | null) => { readonly upstream: Upstream; readonly models: Models };
  /** Asks them. */
  readonly inference: Inference;
  /** Times everything. */
  readonly clock: Clock;
  /** Ids that come in the order of time, each greater than the one before. */
  readonly newId: () => string;
  /** Spreads tries; from 0 up to 1. @default {Math.random} */
  readonly random?: () => number;
  /** For what belongs to no request. */
  readonly log: Logger;
}

/**
 * The conversations on a store. What a stop or a crash has left half done is ended in the background.
 *
 * @throws {GatehouseError} `storage_unavailable`
 */
export async function openConversations(
  { store, isRemote = false, locks, resolve, inference, clock, newId, random = Math.random, log }: ConversationsOptions,
): Promise<Conversations> {
  const presence = await openPresence({ locks, store, clock, newId, log });
  const library = createLibrary({ store, presence, clock, random, log });
  const askEvery = isRemote ? ASK_EVERY.remote : ASK_EVERY.file;
  const turns = createTurns({ library, presence, resolve, inference, askEvery, clock, log });
  const tasks = createStatelessTasks({ resolve, inference, clock });
  const mending = new Beat({
    clock,
    every: MEND_EVERY,
    async work() {
      await library.resume();
      await turns.mend();
    },
    log,
    failure: "what was left half done could not be ended yet",
  });
  mending.begin();
  let closed: Promise<void> | null = null;
  return { library, turns, tasks, close: () => closed ??= close() };

  async function close(): Promise<void> {
    await turns.close();
    // A long deletion may be cut off anywhere: the next start goes on with it.
    const over = new AbortController();
    const erased = Promise.all([mending.rest(), library.rest()]);
    await Promise.race([erased, delay(clock, PATIENCE, over.signal).catch(() => {})]);
    over.abort();
    await presence.close();
  }
}
