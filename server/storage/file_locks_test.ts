import { assert, assertEquals, assertRejects } from "@std/assert";
import { delay, systemClock } from "../effects/mod.ts";
import { FakeClock } from "../effects/fake_clock.ts";
import { startChild } from "./child_testing.ts";
import { openFileLocks } from "./file_locks.ts";
import { namesIn, rightsOf } from "./files_testing.ts";
import { StorageStartError } from "./start_error.ts";

const never = new AbortController().signal;

Deno.test("acquire() excludes a second caller in the same process until release", async () => {
  const dir = await Deno.makeTempDir();
  const locks = await openFileLocks({ dir, clock: systemClock });
  const first = await locks.acquire("a", { patience: 0, signal: never });
  assert(first);
  assertEquals(await locks.acquire("a", { patience: 0, signal: never }), null);
  const other = await locks.acquire("b", { patience: 0, signal: never });
  assert(other);
  await first.release();
  await first.release();
  const second = await locks.acquire("a", { patience: 0, signal: never });
  assert(second);
  await second.release();
  await other.release();
  assertEquals(first.lost.aborted, false);
});

Deno.test("acquire() gives up after its patience and not before", async () => {
  const dir = await Deno.makeTempDir();
  const clock = new FakeClock();
  const locks = await openFileLocks({ dir, clock });
  const held = await locks.acquire("a", { patience: 0, signal: never });
  let result: unknown = "waiting";
  const waiting = locks.acquire("a", { patience: 200, signal: never }).then((r) => result = r);
  await clock.advance(199);
  assertEquals(result, "waiting");
  while (result === "waiting") await clock.advance(1);
  assertEquals(await waiting, null);
  await held?.release();
});

Deno.test("acquire() ends with the signal's reason and leaves nothing locked", async () => {
  const dir = await Deno.makeTempDir();
  const locks = await openFileLocks({ dir, clock: systemClock });
  const held = await locks.acquire("a", { patience: 0, signal: never });
  const stop = new AbortController();
  const waiting = locks.acquire("a", { patience: 60_000, signal: stop.signal });
  stop.abort(new TypeError("enough"));
  await assertRejects(() => waiting, TypeError, "enough");
  await held?.release();
  const again = await locks.acquire("a", { patience: 0, signal: never });
  assert(again);
  await again.release();
});

Deno.test("lock files are private, and every name stays inside the folder", async () => {
  const dir = await Deno.makeTempDir();
  const locks = await openFileLocks({ dir, clock: systemClock });
  for (const name of ["../../up", "a/b", "con:", "..", "ü*"]) {
    await (await locks.acquire(name, { patience: 0, signal: never }))?.release();
  }
  const files = await namesIn(`${dir}/locks`);
  assertEquals(files.length, 5);
  if (Deno.build.os === "windows") return;
  for (const name of files) assertEquals(await rightsOf(`${dir}/locks/${name}`), 0o600);
  assertEquals(await rightsOf(`${dir}/locks`), 0o700);
});

Deno.test("openFileLocks() refuses a folder that is a file", async () => {
  const file = await Deno.makeTempFile();
  await assertRejects(() => openFileLocks({ dir: file, clock: systemClock }), StorageStartError, file);
});

Deno.test("a lock held by another process excludes this one until it is given back", async () => {
  const dir = await Deno.makeTempDir();
  const locks = await openFileLocks({ dir, clock: systemClock });
  const child = startChild("lock", dir);
  assertEquals(await child.line(), "held");
  assertEquals(await locks.acquire("shared", { patience: 0, signal: never }), null);
  await child.go();
  assertEquals(await child.line(), null);
  const held = await locks.acquire("shared", { patience: 0, signal: never });
  assert(held);
  await held.release();
  await child.kill();
});

Deno.test("kill -9 of the holder frees the lock for one that waits", async () => {
  const dir = await Deno.makeTempDir();
  const locks = await openFileLocks({ dir, clock: systemClock });
  const child = startChild("lock", dir);
  assertEquals(await child.line(), "held");
  const waiting = locks.acquire("shared", { patience: 30_000, signal: never });
  const first = await Promise.race([waiting.then(() => "taken"), delay(systemClock, 1).then(() => "waiting")]);
  assertEquals(first, "waiting");
  await child.kill();
  const held = await waiting;
  assert(held);
  await held.release();
});

Deno.test("of many callers never two hold a lock at once", async () => {
  const dir = await Deno.makeTempDir();
  const locks = await openFileLocks({ dir, clock: systemClock });
  let inside = 0;
  let most = 0;
  await Promise.all(Array.from({ length: 12 }, async () => {
    const held = await locks.acquire("a", { patience: 30_000, signal: never });
    most = Math.max(most, ++inside);
    await Promise.resolve();
    inside--;
    await held?.release();
  }));
  assertEquals(most, 1);
});
