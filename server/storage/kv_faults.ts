import { TimedOut } from "./within.ts";

/** The store's file was removed or replaced while it was open. */
export class FileGone extends Error {
  override readonly name = "FileGone";
}

/** True for SQLite's refusal while another process writes: nothing happened, and trying again is safe. */
export function isBusy(error: unknown): boolean {
  return error instanceof Error && /database (table )?is locked|SQLITE_BUSY/i.test(error.message);
}

/** What a fault of Deno KV means, in fixed words: its own message may quote a key or a URL. */
export function reasonOf(error: unknown): string {
  if (error instanceof TimedOut) return "it did not answer in time";
  if (!(error instanceof Error)) return "of an unknown fault";
  if (error instanceof FileGone) return "its file was removed or replaced; put it back, or start again";
  if (isBusy(error)) return "other processes kept it locked";
  for (const [pattern, reason] of REASONS) if (pattern.test(error.message)) return reason;
  if (error instanceof Deno.errors.BadResource) return "it is closed";
  return `of an unexpected fault (${/^\w{1,40}$/.test(error.name) ? error.name : "Error"})`;
}

const REASONS: readonly (readonly [RegExp, string])[] = [
  [/disk is full/i, "the disk is full"],
  [/readonly database/i, "its file may only be read"],
  [/unable to open database/i, "its file cannot be opened"],
  [/disk I\/O error/i, "the disk failed"],
  [/malformed|not a database/i, "its file is damaged"],
  [/too large|too many/i, "something is over the limits of Deno KV (value 64 KiB, key 2 KiB, change 800 KiB)"],
  [/could not be cloned/i, "a value cannot be stored"],
];
