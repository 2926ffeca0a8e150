import type { Logger } from "../telemetry/mod.ts";
import { StorageStartError } from "./start_error.ts";

/** True where files carry Unix rights. */
const HAS_MODES = Deno.build.os !== "windows";

/**
 * Makes sure that `path` is a folder in which files can be made; a new one is open to its owner alone (0700).
 *
 * @param setting what decides the path, for the message
 * @throws {StorageStartError} when it cannot be made, is a file, or may not be written
 */
export async function privateFolder(path: string, setting: string): Promise<void> {
  const fix = `Make it writable for this user, or choose another with ${setting}.`;
  try {
    await Deno.mkdir(path, { recursive: true, mode: 0o700 });
    await Deno.remove(await Deno.makeTempFile({ dir: path, prefix: ".probe-" }));
  } catch (error) {
    throw new StorageStartError(`Cannot use the folder ${path}: ${fileReason(error)}. ${fix}`);
  }
}

/**
 * Makes sure that `path` is a file which its owner alone may read and write (0600). One that exists with wider rights
 * is tightened, with a warning.
 *
 * @throws {StorageStartError} when it cannot be made or opened for writing
 */
export async function privateFile(path: string, log: Logger): Promise<void> {
  try {
    const file = await Deno.open(path, { read: true, write: true, create: true, mode: 0o600 });
    file.close();
    await tighten(path, log);
  } catch (error) {
    throw new StorageStartError(`Cannot use the file ${path}: ${fileReason(error)}. Check its rights and the disk.`);
  }
}

/** Takes the rights of others from a file, if there is one, and warns that they had them. */
export async function tighten(path: string, log: Logger): Promise<void> {
  if (!(await openToOthers(path))) return;
  await Deno.chmod(path, 0o600);
  log.warn("a private file was open to other users and is now closed to them", { file: path });
}

/** True when users other than the owner may do anything with the file; false when there is none. */
export async function openToOthers(path: string): Promise<boolean> {
  if (!HAS_MODES) return false;
  try {
    const { mode } = await Deno.stat(path);
    return mode !== null && (mode & 0o077) !== 0;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** What a fault of the file system means, in fixed words. */
export function fileReason(error: unknown): string {
  if (error instanceof Deno.errors.PermissionDenied) return "permission denied";
  if (error instanceof Deno.errors.NotCapable) return "Deno was started without the permission for it";
  if (error instanceof Deno.errors.NotADirectory || error instanceof Deno.errors.AlreadyExists) {
    return "a file is where a folder should be";
  }
  if (error instanceof Deno.errors.IsADirectory) return "it is a folder";
  if (error instanceof Deno.errors.NotFound) return "it does not exist and cannot be made";
  const code = error instanceof Error && "code" in error ? error.code : null;
  return typeof code === "string" && /^E[A-Z]+$/.test(code) ? `the system says ${code}` : "the system refused";
}
