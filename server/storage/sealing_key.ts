import type { StorageSettings } from "../settings/mod.ts";
import type { Logger } from "../telemetry/mod.ts";
import { fileReason, openToOthers, privateFolder } from "./private_files.ts";
import { StorageStartError } from "./start_error.ts";

/** Where the key came from, for messages. */
export interface SealingKey {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** `GATEHOUSE_KEY`, or the key file's path. */
  readonly origin: string;
}

/** Gives that many unpredictable bytes. */
export type RandomBytes = (length: number) => Uint8Array<ArrayBuffer>;

/**
 * The 32-byte sealing key: `GATEHOUSE_KEY`, else the key file, which is made when there is none. Of several processes
 * that start at once exactly one makes it, and all use it.
 *
 * @throws {StorageStartError} when the key or its file cannot be used
 */
export async function sealingKey(
  settings: Pick<StorageSettings, "configDir" | "sealingKey">,
  { random, log }: { readonly random: RandomBytes; readonly log: Logger },
): Promise<SealingKey> {
  if (settings.sealingKey !== null) {
    const bytes = decodeKey(settings.sealingKey.reveal());
    if (bytes !== null) return { bytes, origin: "GATEHOUSE_KEY" };
    throw new StorageStartError(
      "GATEHOUSE_KEY is not 32 bytes in base64. Make one with `openssl rand -base64 32` and keep it safe.",
    );
  }
  const path = `${settings.configDir}/sealing.key`;
  const text = await readIfThere(path) ?? await makeOnce(settings.configDir, path, random);
  const bytes = decodeKey(text);
  if (bytes === null) {
    throw new StorageStartError(
      `The key file ${path} is malformed: it must hold 32 bytes in base64. Restore it from a backup; or move it away, ` +
        "and a new one is made, which cannot open what was stored before.",
    );
  }
  if (await openToOthers(path)) {
    log.warn("the key file can be used by others than its owner: chmod it to 600", { file: path });
  }
  return { bytes, origin: path };
}

async function readIfThere(path: string): Promise<string | null> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw new StorageStartError(`Cannot read the key file ${path}: ${fileReason(error)}. Check its rights.`);
  }
}

/** Writes a whole key under a name of its own first, then links it into place, which fails when another was faster. */
async function makeOnce(folder: string, path: string, random: RandomBytes): Promise<string> {
  await privateFolder(folder, "GATEHOUSE_KEY (then no key file is needed)");
  try {
    const own = await Deno.makeTempFile({ dir: folder, prefix: ".sealing-" }); // 0600
    try {
      await writeDurably(own, `${encodeKey(random(32))}\n`);
      await linkUnlessThere(own, path);
    } finally {
      await Deno.remove(own);
    }
    if (Deno.build.os !== "windows") await syncFolder(folder);
    return await Deno.readTextFile(path);
  } catch (error) {
    throw new StorageStartError(
      `Cannot make the key file ${path}: ${fileReason(error)}. Check the folder, or set GATEHOUSE_KEY.`,
    );
  }
}

async function linkUnlessThere(own: string, path: string): Promise<void> {
  try {
    await Deno.link(own, path);
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
  }
}

async function writeDurably(path: string, text: string): Promise<void> {
  using file = await Deno.open(path, { write: true });
  await file.write(new TextEncoder().encode(text)); // 45 bytes: one write takes them all
  await file.sync();
}

/** A key that a power cut takes away would take every sealed record with it. */
async function syncFolder(path: string): Promise<void> {
  using folder = await Deno.open(path, { read: true });
  await folder.sync();
}

function decodeKey(text: string): Uint8Array<ArrayBuffer> | null {
  const trimmed = text.trim();
  if (!/^[A-Za-z0-9+/]{43}=$/.test(trimmed)) return null;
  return Uint8Array.from(atob(trimmed), (char) => char.charCodeAt(0));
}

function encodeKey(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}
