import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { type Clock, systemClock } from "../../effects/mod.ts";
import { FakeClock, settle } from "../../effects/fake_clock.ts";
import { GatehouseError } from "../../errors/mod.ts";
import { Secret } from "../../secrets/mod.ts";
import { createPasswordHasher } from "./create_hasher.ts";
import type { PasswordHasher } from "./hasher.ts";

const PASSWORD = new Secret("correct horse");

/** A worker whose module is `code`. */
function workerOf(code: string): URL {
  return new URL(`data:text/javascript,${encodeURIComponent(code)}`);
}

/** Answers with a count instead of hashes. */
const COUNTING = workerOf(`
  let count = 0;
  addEventListener("message", () => postMessage({ hash: "from the worker " + ++count }));
  postMessage({ ready: true });
`);

async function withHasher(
  worker: URL | null,
  use: (hasher: PasswordHasher) => Promise<void>,
  clock: Clock = systemClock,
): Promise<void> {
  const hasher = createPasswordHasher({ worker, clock });
  try {
    await use(hasher);
  } finally {
    hasher.close();
  }
}

/** Lets a worker's messages arrive, which no fake clock can wait for. */
async function until(reached: () => boolean): Promise<void> {
  while (!reached()) await settle();
}

function codeOf(error: unknown): string {
  return error instanceof GatehouseError ? error.code : String(error);
}

Deno.test("hash() gives a PHC string with a salt of its own, and verify() tells right from wrong", async () => {
  await withHasher(null, async (hasher) => {
    const [one, two] = [await hasher.hash(PASSWORD), await hasher.hash(PASSWORD)];
    assertMatch(one, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
    assertEquals([one === two, one.includes(PASSWORD.reveal())], [false, false]);
    assertEquals(await hasher.verify(PASSWORD, one), true);
    assertEquals(await hasher.verify(new Secret("correct horsf"), one), false);
  });
});

Deno.test("verify() is never right without a stored hash, with a damaged one, or for an empty password", async () => {
  await withHasher(null, async (hasher) => {
    assertEquals(await hasher.verify(PASSWORD, null), false);
    assertEquals(await hasher.verify(PASSWORD, "$argon2id$v=19$m=9999999,t=2,p=1$AAAA$AAAA"), false);
    assertEquals(await hasher.verify(new Secret(""), await hasher.hash(new Secret(" "))), false);
  });
});

Deno.test("verify() reads hashes of another cost", async () => {
  await withHasher(null, async (hasher) => {
    const { argon2id } = await import("hash-wasm");
    const cost = { memorySize: 256, iterations: 3, parallelism: 1, hashLength: 32 };
    const stored = await argon2id({
      password: PASSWORD.reveal(),
      salt: new Uint8Array(16),
      ...cost,
      outputType: "encoded",
    });
    assertMatch(stored, /m=256,t=3,p=1/);
    assertEquals([await hasher.verify(PASSWORD, stored), await hasher.verify(new Secret("x"), stored)], [true, false]);
  });
});

Deno.test("a password is the same however its letters are composed", async () => {
  await withHasher(null, async (hasher) => {
    const stored = await hasher.hash(new Secret("pa\u0308ssword\u2460"));
    assertEquals(await hasher.verify(new Secret("p\u00e4ssword1"), stored), true);
  });
});

Deno.test("the command line's own module, started as a worker, hashes", async () => {
  const fixture = new URL("./hash_in_worker_fixture.ts", import.meta.url).pathname;
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", fixture, new URL("../../main.ts", import.meta.url).href],
    stderr: "inherit",
  }).output();
  assertEquals(new TextDecoder().decode(stdout), "worker");
});

Deno.test("one worker serves all hashes; after 10 s without work the next hash starts another", async () => {
  const clock = new FakeClock();
  await withHasher(COUNTING, async (hasher) => {
    const many = await Promise.all([1, 2, 3].map(() => hasher.hash(PASSWORD)));
    assertEquals(many, ["from the worker 1", "from the worker 2", "from the worker 3"]);
    await clock.advance(9_999);
    assertEquals(await hasher.hash(PASSWORD), "from the worker 4");
    await clock.advance(10_000);
    assertEquals(clock.pending, 0, "the worker has ended");
    assertEquals(await hasher.hash(PASSWORD), "from the worker 1");
  }, clock);
});

Deno.test("a worker that cannot be started is replaced by the main thread, with one warning", async () => {
  for (const broken of [new URL("file:///nowhere.js"), workerOf(`throw new Error("no")`)]) {
    const warnings: string[] = [];
    const log = {
      debug() {},
      info() {},
      warn: (message: string) => void warnings.push(message),
      error() {},
      with: () => log,
      enabled: () => true,
    };
    const clock = new FakeClock();
    const hasher = createPasswordHasher({ worker: broken, clock, log });
    const [one, two] = await Promise.all([hasher.hash(PASSWORD), hasher.hash(PASSWORD)]);
    assertEquals([await hasher.verify(PASSWORD, one), await hasher.verify(PASSWORD, two)], [true, true]);
    assertEquals([warnings.length, clock.pending], [1, 0]);
    hasher.close();
  }
});

Deno.test("a worker that dies over a hash leaves it to the main thread, and the next hash starts another", async () => {
  const dying = workerOf(`
    let count = 0;
    addEventListener("message", () => {
      if (++count === 2) throw new Error("dead");
      postMessage({ hash: "from the worker " + count });
    });
    postMessage({ ready: true });
  `);
  await withHasher(dying, async (hasher) => {
    const made = await Promise.all([1, 2, 3].map(() => hasher.hash(PASSWORD)));
    assertEquals([made[0], made[2]], ["from the worker 1", "from the worker 1"]);
    assertMatch(made[1] ?? "", /^\$argon2id/);
  }, new FakeClock());
});

Deno.test("a worker that says nothing, from the start or later, holds a hash up for no more than 10 s", async () => {
  for (const code of ["", "postMessage({ ready: true })", "postMessage({ ready: true }); close()"]) {
    const clock = new FakeClock();
    await withHasher(workerOf(code), async (hasher) => {
      let made = "";
      const hashing = hasher.hash(PASSWORD).then((hash) => made = hash);
      await clock.advance(9_999);
      assertEquals(made, "");
      // The silence may have begun with the start or with the hash.
      await clock.advance(10_000);
      await hashing;
      assertMatch(made, /^\$argon2id/);
    }, clock);
  }
});

Deno.test("a worker that cannot make a hash leaves it to the main thread", async () => {
  const unable = workerOf(`
    addEventListener("message", () => postMessage({ hash: null }));
    postMessage({ ready: true });
  `);
  await withHasher(unable, async (hasher) => {
    assertMatch(await hasher.hash(PASSWORD), /^\$argon2id/);
  }, new FakeClock());
});

Deno.test("33 hashes are taken at once, one of them at work; the next are refused until there is room", async () => {
  await withHasher(COUNTING, async (hasher) => {
    const taken = Array.from({ length: 33 }, () => hasher.verify(PASSWORD, null));
    for (const refused of [() => hasher.verify(PASSWORD, null), () => hasher.hash(PASSWORD)]) {
      const error = await assertRejects(refused, GatehouseError);
      assertEquals([error.code, error.retryAfterSeconds], ["too_many_attempts", 2]);
    }
    await Promise.all(taken);
    assertEquals(await hasher.hash(PASSWORD), "from the worker 34");
  }, new FakeClock());
});

Deno.test("four new passwords are hashed at once, so that those who log in always find room", async () => {
  await withHasher(COUNTING, async (hasher) => {
    const taken = Array.from({ length: 4 }, () => hasher.hash(PASSWORD));
    const error = await assertRejects(() => hasher.hash(PASSWORD), GatehouseError);
    assertEquals([error.code, error.retryAfterSeconds], ["too_many_attempts", 2]);
    assertEquals(await hasher.verify(PASSWORD, null), false);
    assertEquals(new Set(await Promise.all(taken)).size, 4);
    assertEquals(await hasher.hash(PASSWORD), "from the worker 6");
  }, new FakeClock());
});

Deno.test("close() ends a worker at work and refuses what waits and what comes", async () => {
  const clock = new FakeClock();
  const log: string[] = [];
  const hasher = createPasswordHasher({ worker: workerOf(`postMessage({ ready: true })`), clock });
  const waiting = [1, 2].map(() => hasher.hash(PASSWORD).catch((error) => void log.push(codeOf(error))));
  await until(() => clock.pending === 1);
  hasher.close();
  await Promise.all(waiting);
  await hasher.hash(PASSWORD).catch((error) => log.push(codeOf(error)));
  assertEquals([log, clock.pending], [["draining", "draining", "draining"], 0]);
});
