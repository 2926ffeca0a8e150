import { type Clock, delay } from "../effects/mod.ts";
import type { Secret } from "../secrets/mod.ts";
import type { StorageSettings } from "../settings/mod.ts";
import type { Logger } from "../telemetry/mod.ts";
import { FileGone, isBusy, reasonOf } from "./kv_faults.ts";
import { DEFAULT_LIMITS, type KvLike, kvStore, type StoreLimits } from "./kv_store.ts";
import { privateFile, privateFolder, tighten } from "./private_files.ts";
import { StorageStartError } from "./start_error.ts";
import type { Store } from "./store.ts";
import { within } from "./within.ts";

/** What {@linkcode openStore} needs. */
export interface OpenStoreOptions {
  /** Where the store is. */
  readonly settings: Pick<StorageSettings, "dataDir" | "kvUrl" | "kvAccessToken">;
  /** Times the tries. */
  readonly clock: Clock;
  /** Told of rights that were mended. */
  readonly log: Logger;
  /** Spreads the pauses; from 0 up to 1. @default {Math.random} */
  readonly random?: () => number;
  /** How long a call may take. */
  readonly limits?: Partial<StoreLimits>;
  /** Opens the KV at a path or URL. @default {Deno.openKv} */
  readonly openKv?: (path: string) => Promise<KvLike>;
}

/**
 * Opens the store that the settings name: a SQLite file in `DATA_DIR` that its owner alone may read, or a remote KV
 * (KV Connect). A remote one is not asked here: the first call tells whether it answers.
 *
 * @throws {StorageStartError} when it cannot be opened
 */
export async function openStore(options: OpenStoreOptions): Promise<Store> {
  const { settings, clock, log, random = Math.random, openKv = (path) => Deno.openKv(path) } = options;
  if (options.openKv === undefined && typeof Deno.openKv !== "function") {
    throw new StorageStartError(
      "Cannot open the store: this Deno runs without its KV; add --unstable-kv --unstable-no-legacy-abort.",
    );
  }
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  if (settings.kvUrl !== null) {
    return kvStore({ kv: await openRemote(settings.kvUrl, settings.kvAccessToken, openKv), clock, random, limits });
  }
  const kv = await openFile(settings.dataDir, { clock, log, random, limits, openKv });
  return kvStore({ kv, clock, random, limits, demand: stillThere(pathIn(settings.dataDir)) });
}

function pathIn(dataDir: string): string {
  return `${dataDir}/gatehouse.db`;
}

/**
 * SQLite goes on with a file that was removed, and what it writes there nobody finds again. Asked in place, for that
 * takes 1.5 µs, and by way of another thread 70.
 */
function stillThere(path: string): () => void {
  const { dev, ino } = Deno.statSync(path);
  return () => {
    const now = statOf(path);
    if (now === null || now.dev !== dev || now.ino !== ino) throw new FileGone();
  };
}

function statOf(path: string): Deno.FileInfo | null {
  try {
    return Deno.statSync(path);
  } catch {
    return null;
  }
}

type Effects = Required<Omit<OpenStoreOptions, "settings" | "limits">> & { readonly limits: StoreLimits };

async function openFile(dataDir: string, { clock, log, random, limits, openKv }: Effects): Promise<KvLike> {
  const path = pathIn(dataDir);
  await privateFolder(dataDir, "DATA_DIR");
  // Before SQLite: it would make the file 0644. The two files beside it take over the rights of the first.
  await privateFile(path, log);
  for (const side of ["-wal", "-shm"]) await tighten(path + side, log);
  const begun = clock.monotonic();
  for (;;) {
    const opening = openKv(path);
    try {
      return await within(clock, limits.call, opening);
    } catch (error) {
      const pause = 25 + 50 * random();
      if (isBusy(error) && clock.monotonic() - begun + pause <= limits.busy) {
        await delay(clock, pause);
        continue;
      }
      opening.then((late) => late.close(), () => {});
      throw new StorageStartError(
        `Cannot open the store in ${path}: ${reasonOf(error)}. Check the disk and the file, or set DATA_DIR.`,
      );
    }
  }
}

const TOKEN_VARIABLE = "DENO_KV_ACCESS_TOKEN";

async function openRemote(url: URL, token: Secret | null, openKv: Effects["openKv"]): Promise<KvLike> {
  if (token === null) {
    throw new StorageStartError(`Cannot open the store at ${url.host}: set ${TOKEN_VARIABLE} to its access token.`);
  }
  // Deno takes the token from this variable alone, and only while it opens; children must not inherit it.
  Deno.env.set(TOKEN_VARIABLE, token.reveal());
  try {
    return await openKv(url.href);
  } catch (error) {
    throw new StorageStartError(`Cannot open the store at ${url.host}: ${reasonOf(error)}. Check DENO_KV_URL.`);
  } finally {
    Deno.env.delete(TOKEN_VARIABLE);
  }
}
