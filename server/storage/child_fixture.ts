/** A process of its own for the tests. Says on standard output what it has done, one line each. */
import { systemClock } from "../effects/mod.ts";
import { Secret } from "../secrets/mod.ts";
import { silentLogger } from "../telemetry/mod.ts";
import { openFileLocks, openStore, openVault } from "./mod.ts";

const [job, argument = ""] = Deno.args;
const forever = new AbortController().signal;

function say(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}

/** Blocks until the test closes or writes to standard input. */
async function told(): Promise<void> {
  await Deno.stdin.read(new Uint8Array(1));
}

async function holdLock(dir: string): Promise<void> {
  const locks = await openFileLocks({ dir, clock: systemClock });
  const held = await locks.acquire("shared", { patience: 60_000, signal: forever });
  say(held === null ? "refused" : "held");
  await told();
  await held?.release();
}

async function fingerprint(configDir: string): Promise<void> {
  say("ready");
  await told();
  const vault = await openVault({ settings: { configDir, sealingKey: null }, log: silentLogger });
  say(await vault.fingerprint(new Secret("the same for all")));
}

/** Raises one counter by check-and-set in a file that others write too. */
async function count(dataDir: string): Promise<void> {
  const settings = { dataDir, kvUrl: null, kvAccessToken: null };
  const store = await openStore({ settings, clock: systemClock, log: silentLogger });
  say("ready");
  await told();
  for (let done = 0; done < 100;) {
    const old = await store.get<number>(["count"]);
    const version = await store.commit({
      checks: [{ key: ["count"], version: old?.version ?? null }],
      puts: [{ key: ["count"], value: (old?.value ?? 0) + 1 }],
    });
    if (version !== null) done++;
  }
  store.close();
  say("done");
}

async function remote(url: string): Promise<void> {
  const settings = { dataDir: "", kvUrl: new URL(url), kvAccessToken: new Secret("kv-canary") };
  const store = await openStore({ settings, clock: systemClock, log: silentLogger });
  say(`left in the environment: ${Deno.env.get("DENO_KV_ACCESS_TOKEN") ?? "nothing"}`);
  await store.get(["a"]).catch(() => {});
}

switch (job) {
  case "lock":
    await holdLock(argument);
    break;
  case "vault":
    await fingerprint(argument);
    break;
  case "count":
    await count(argument);
    break;
  case "remote":
    await remote(argument);
    break;
}
