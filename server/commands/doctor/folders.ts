import type { StorageSettings } from "../../settings/mod.ts";
import { fail, type Finding, ok, skip, warn } from "./finding.ts";

/**
 * Whether the folders and files are there, and for their owner alone. To be called before the store is opened, which
 * makes what is missing.
 */
export async function checkFolders(settings: StorageSettings): Promise<readonly Finding[]> {
  const { dataDir, configDir, kvUrl, sealingKey } = settings;
  const data = kvUrl === null
    ? await checkPair("data folder", dataDir, "store file", "gatehouse.db")
    : [skip("data folder", "not used: the store is remote (DENO_KV_URL)")];
  const key = sealingKey === null
    ? await checkPair("config folder", configDir, "key file", "sealing.key")
    : [ok("sealing key", "taken from GATEHOUSE_KEY")];
  return [...data, ...key];
}

/** A folder, and the file in it, which cannot be better than the folder. */
async function checkPair(what: string, folder: string, fileWhat: string, file: string): Promise<readonly Finding[]> {
  const finding = await checkPath(what, folder, "folder");
  if (finding.verdict === "FAIL") return [finding, skip(fileWhat, "its folder cannot be used")];
  return [finding, await checkPath(fileWhat, `${folder}/${file}`, "file")];
}

async function checkPath(what: string, path: string, kind: "folder" | "file"): Promise<Finding> {
  let info: Deno.FileInfo;
  try {
    info = await Deno.stat(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return ok(what, `${path} is not there yet: it is made when needed`);
    return fail(
      what,
      `${path} cannot be looked at`,
      "Check the rights of the folders above it, and that they are folders.",
    );
  }
  if (info.isDirectory !== (kind === "folder")) {
    return fail(what, `${path} is not a ${kind}`, "Move it away, or choose another DATA_DIR.");
  }
  const mode = info.mode === null || Deno.build.os === "windows" ? null : info.mode & 0o777;
  const wanted = kind === "folder" ? 0o700 : 0o600;
  if (mode === null) return ok(what, path);
  if ((mode & 0o077) !== 0) {
    return warn(what, `${path} is open to other users (${octal(mode)})`, `chmod ${wanted.toString(8)} ${quote(path)}`);
  }
  if ((mode & wanted) !== wanted) {
    return fail(
      what,
      `${path} may not be used by its owner (${octal(mode)})`,
      `chmod ${wanted.toString(8)} ${quote(path)}`,
    );
  }
  return ok(what, `${path} (${octal(mode)})`);
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, "0");
}

function quote(path: string): string {
  return /^[\w./+-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
}
