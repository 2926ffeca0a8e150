import { assert, assertEquals, assertRejects } from "@std/assert";
import { FakeClock } from "../effects/fake_clock.ts";
import { systemClock } from "../effects/mod.ts";
import { GatehouseError } from "../errors/mod.ts";
import { Secret } from "../secrets/mod.ts";
import { silentLogger } from "../telemetry/mod.ts";
import { startChild } from "./child_testing.ts";
import { rightsOf } from "./files_testing.ts";
import { openStore } from "./open_store.ts";
import { StorageStartError } from "./start_error.ts";

const log = silentLogger;
const clock = systemClock;
const WINDOWS = Deno.build.os === "windows";

function local(dataDir: string) {
  return { dataDir, kvUrl: null, kvAccessToken: null };
}

Deno.test("openStore() makes a private folder and file, and finds what was stored again", async () => {
  const dataDir = `${await Deno.makeTempDir()}/state/gatehouse`;
  const store = await openStore({ settings: local(dataDir), clock, log });
  const version = await store.commit({ puts: [{ key: ["a"], value: { n: 1 } }] });
  if (!WINDOWS) {
    assertEquals(await rightsOf(dataDir), 0o700);
    for (const end of ["", "-wal", "-shm"]) assertEquals(await rightsOf(`${dataDir}/gatehouse.db${end}`), 0o600);
  }
  store.close();
  const again = await openStore({ settings: local(dataDir), clock, log });
  assertEquals(await again.get(["a"]), { key: ["a"], value: { n: 1 }, version: version ?? "" });
  again.close();
});

Deno.test({
  name: "openStore() tightens a file that was open to others and says so",
  ignore: WINDOWS,
  async fn() {
    const dataDir = await Deno.makeTempDir();
    await Deno.writeTextFile(`${dataDir}/gatehouse.db`, "", { mode: 0o644 });
    const warned: unknown[] = [];
    const store = await openStore({
      settings: local(dataDir),
      clock,
      log: { ...log, warn: (_message, fields) => void warned.push(fields?.file) },
    });
    store.close();
    assertEquals(warned, [`${dataDir}/gatehouse.db`]);
    assertEquals(await rightsOf(`${dataDir}/gatehouse.db`), 0o600);
  },
});

Deno.test("openStore() says which path is wrong: a file for a folder, a folder for a file, no database", async () => {
  const file = await Deno.makeTempFile();
  const refused = (dir: string) =>
    assertRejects(() => openStore({ settings: local(dir), clock, log }), StorageStartError);
  assert((await refused(file)).message.includes(`${file}: a file is where a folder should be`));
  assert((await refused(`${file}/below`)).message.includes("DATA_DIR"));

  const dataDir = await Deno.makeTempDir();
  await Deno.mkdir(`${dataDir}/gatehouse.db`);
  assert((await refused(dataDir)).message.includes("it is a folder"));

  const damaged = await Deno.makeTempDir();
  await Deno.writeTextFile(`${damaged}/gatehouse.db`, "no database ".repeat(500));
  assert((await refused(damaged)).message.includes("its file is damaged"));
});

Deno.test({
  name: "openStore() refuses a folder that cannot be written",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await assertRejects(() => openStore({ settings: local("/proc"), clock, log }), StorageStartError, "/proc");
  },
});

Deno.test({
  name: "openStore() writes nothing into a file that was removed, and goes on when it is back",
  ignore: WINDOWS,
  async fn() {
    const dataDir = await Deno.makeTempDir();
    const store = await openStore({ settings: local(dataDir), clock, log });
    const version = await store.commit({ puts: [{ key: ["a"], value: 1 }] });
    const gone = async () => {
      for (const call of [() => store.get(["a"]), () => store.commit({ puts: [{ key: ["a"], value: 2 }] })]) {
        const error = await assertRejects(call, GatehouseError);
        assertEquals(error.code, "storage_unavailable");
        assert(error.message.includes("removed or replaced"), error.message);
      }
    };
    await Deno.rename(dataDir, `${dataDir}-away`);
    await gone();
    await Deno.mkdir(dataDir);
    await Deno.writeTextFile(`${dataDir}/gatehouse.db`, "");
    await gone();
    await Deno.remove(dataDir, { recursive: true });
    await Deno.rename(`${dataDir}-away`, dataDir);
    assertEquals(await store.get(["a"]), { key: ["a"], value: 1, version: version ?? "" });
    store.close();
  },
});

Deno.test("openStore() waits for a locked file up to its limit", async () => {
  const dataDir = await Deno.makeTempDir();
  const fake = new FakeClock();
  let tries = 0;
  const openKv = () => {
    tries++;
    return Promise.reject(new Error("database is locked"));
  };
  const opening = assertRejects(
    () => openStore({ settings: local(dataDir), clock: fake, log, openKv, random: () => 0.5 }),
    StorageStartError,
    "kept it locked",
  );
  while (tries === 0 || fake.pending > 0) await fake.advance(500);
  await opening;
  assert(tries > 10 && fake.monotonic() <= 3_000);
});

Deno.test("openStore() gives a remote KV its token and leaves it nowhere", async () => {
  const seen: (string | null)[] = [];
  const answered = Promise.withResolvers<void>();
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, (request) => {
    seen.push(request.headers.get("authorization"));
    answered.resolve();
    return new Response("no", { status: 400 });
  });
  const child = startChild("remote", `http://127.0.0.1:${server.addr.port}/`);
  assertEquals(await child.line(), "left in the environment: nothing");
  await answered.promise;
  assertEquals(seen[0], "Bearer kv-canary");
  await child.kill();
  await server.shutdown();
});

Deno.test("openStore() refuses a remote KV without a token, and never prints the URL's user info", async () => {
  const kvUrl = new URL("https://user:canary@kv.example/");
  const refused = (kvAccessToken: Secret | null, openKv = () => Promise.reject(new Error("canary"))) =>
    assertRejects(
      () => openStore({ settings: { dataDir: "", kvUrl, kvAccessToken }, clock, log, openKv }),
      StorageStartError,
    );
  const errors = [await refused(null), await refused(new Secret("canary"))];
  for (const error of errors) assert(!Deno.inspect(error).includes("canary"));
  assertEquals(Deno.env.get("DENO_KV_ACCESS_TOKEN"), undefined);
});

Deno.test("several processes that write one file at once lose no change", async () => {
  const dataDir = await Deno.makeTempDir();
  const children = [startChild("count", dataDir), startChild("count", dataDir), startChild("count", dataDir)];
  for (const child of children) assertEquals(await child.line(), "ready");
  await Promise.all(children.map((child) => child.go()));
  for (const child of children) assertEquals(await child.line(), "done");
  for (const child of children) await child.kill();
  const store = await openStore({ settings: local(dataDir), clock, log });
  assertEquals((await store.get(["count"]))?.value, 300);
  store.close();
});
