import { dirname } from "node:path";

/** The file's size in bytes; 0 when there is none. */
export async function fileSize(path: string): Promise<number> {
  const info = await unlessMissing(Deno.stat(path));
  return info?.size ?? 0;
}

/** Moves `path` to `path.1`, `path.1` to `path.2` and so on; what would be beyond `path.<keep>` is removed. */
export async function rotate(path: string, keep: number): Promise<void> {
  if (keep === 0) return void await unlessMissing(Deno.remove(path));
  for (let n = keep - 1; n > 0; n--) await unlessMissing(Deno.rename(`${path}.${n}`, `${path}.${n + 1}`));
  await unlessMissing(Deno.rename(path, `${path}.1`));
}

/**
 * Appends all of `bytes` or, when the disk is full, nothing. A missing file is made with mode 0600, a missing folder
 * with 0700; a file that others could read loses that.
 */
export async function appendPrivately(path: string, bytes: Uint8Array): Promise<void> {
  using file = await openPrivately(path);
  const { size, mode } = await file.stat();
  if (mode !== null && (mode & 0o077) !== 0) await Deno.chmod(path, 0o600);
  try {
    for (let done = 0; done < bytes.length;) done += await file.write(bytes.subarray(done));
  } catch (error) {
    // A device cannot be cut; the first failure is the one to tell.
    await file.truncate(size).catch(() => {});
    throw error;
  }
}

async function openPrivately(path: string): Promise<Deno.FsFile> {
  const options: Deno.OpenOptions = { append: true, create: true, mode: 0o600 };
  const file = await unlessMissing(Deno.open(path, options));
  if (file !== null) return file;
  await Deno.mkdir(dirname(path), { recursive: true, mode: 0o700 });
  return await Deno.open(path, options);
}

async function unlessMissing<T>(action: Promise<T>): Promise<T | null> {
  try {
    return await action;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}
