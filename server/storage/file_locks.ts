import { type Clock, delay } from "../effects/mod.ts";
import { GatehouseError } from "../errors/mod.ts";
import type { AcquireOptions, Held, Locks } from "./locks.ts";
import { fileReason, privateFolder } from "./private_files.ts";

/** What {@linkcode openFileLocks} needs. */
export interface FileLocksOptions {
  /** `DATA_DIR`; the lock files lie in `locks` below it. */
  readonly dir: string;
  /** Times the polls. */
  readonly clock: Clock;
  /** Spreads the polls; from 0 up to 1. @default {Math.random} */
  readonly random?: () => number;
}

/** Milliseconds between two looks at a lock that another holds, on average. */
const POLL = 25;

/**
 * Locks by the operating system, on a file each. They exclude callers in one process as well, and are free the moment
 * their holder dies. The files stay: removing one while it is held would let a second holder in.
 *
 * @throws {StorageStartError} when the folder cannot be used
 */
export async function openFileLocks({ dir, clock, random = Math.random }: FileLocksOptions): Promise<Locks> {
  const folder = `${dir}/locks`;
  await privateFolder(folder, "DATA_DIR");

  return {
    async acquire(name: string, { patience, signal }: AcquireOptions): Promise<Held | null> {
      signal.throwIfAborted();
      const end = clock.monotonic() + patience;
      const file = await openLock(`${folder}/${fileName(name)}`);
      let held: Held | null = null;
      try {
        for (;;) {
          const locked = await tryLock(file);
          signal.throwIfAborted();
          if (locked) return held = holding(file);
          const left = end - clock.monotonic();
          if (left <= 0) return null;
          await delay(clock, Math.min(left, POLL * (0.5 + random())), signal);
        }
      } finally {
        if (held === null) file.close();
      }
    },
  };
}

function holding(file: Deno.FsFile): Held {
  let released = false;
  return {
    lost: new AbortController().signal,
    release() {
      if (!released) file.close(); // closing gives the lock back
      released = true;
      return Promise.resolve();
    },
  };
}

async function openLock(path: string): Promise<Deno.FsFile> {
  try {
    return await Deno.open(path, { read: true, write: true, create: true, mode: 0o600 });
  } catch (error) {
    throw unavailable(error);
  }
}

async function tryLock(file: Deno.FsFile): Promise<boolean> {
  try {
    return await file.tryLock(true);
  } catch (error) {
    throw unavailable(error);
  }
}

function unavailable(error: unknown): GatehouseError {
  return new GatehouseError("storage_unavailable", `Cannot lock a file in DATA_DIR: ${fileReason(error)}.`);
}

/** A name that every file system takes and no two locks share. */
function fileName(name: string): string {
  return `${encodeURIComponent(name).replace(/[.!~*'()]/g, (c) => `%${c.charCodeAt(0).toString(16)}`)}.lock`;
}
