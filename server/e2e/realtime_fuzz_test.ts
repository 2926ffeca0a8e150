import { assertLess } from "@std/assert";
import { Gate, Home } from "./gate.ts";
import { counts } from "./realtime_counts.ts";
import { Dice, noise } from "./realtime_noise.ts";
import { endQuietly, residentMegabytes } from "./realtime_quiet.ts";
import { askRaw, assertServes, makeSession, openRaw } from "./realtime_raw.ts";
import { ToldUpstream } from "./realtime_upstream.ts";
import { within } from "./realtime_within.ts";
import { report } from "./report.ts";
import { eventually, inBatches } from "./wait.ts";

const SEED = 4;
const AT_A_TIME = 10;
/** Milliseconds for an answer, if any comes. */
const HEARD_WITHIN_MS = 500;
/** Milliseconds in which the product stops: a close is waited for, for five seconds. */
const STOPS_WITHIN_MS = 10_000;

/** How many files and connections a process has open, where the system tells. */
async function openFiles({ child: { pid } }: Gate): Promise<number> {
  try {
    return (await Array.fromAsync(Deno.readDir(`/proc/${pid}/fd`))).length;
  } catch {
    return NaN;
  }
}

Deno.test("noise on WebSockets is survived, and nothing of it stays", async () => {
  await using upstream = new ToldUpstream();
  await using home = await Home.make();
  await using gate = await Gate.start({ env: upstream.environment(), home });
  const sessions = [await makeSession(gate, "rpc"), await makeSession(gate, "text")];
  await assertServes(gate);
  const before = { files: await openFiles(gate), memory: await residentMegabytes(gate) };
  let sent = 0;
  let survived = 0;
  await inBatches(counts.fuzzed, AT_A_TIME, async (n) => {
    const dice = new Dice(SEED * 1_000_000 + n);
    using client = await openRaw(gate, sessions[n % sessions.length] ?? "");
    for (let left = dice.roll(20); left >= 0; left--) {
      const bytes = noise(dice);
      sent += bytes.length;
      await client.bytes(bytes);
    }
    // So that it is all heard. A frame of which a part is missing takes this for the rest, and nothing comes.
    await askRaw(client, "after", "cancel", {}, HEARD_WITHIN_MS).then(() => survived++, () => {});
  });
  await assertServes(gate);
  const files = await eventually(async () => {
    const open = await openFiles(gate);
    // Its connections to the upstream stay open for the next ones, as many as were there at once.
    return open <= before.files + 9 * AT_A_TIME || Number.isNaN(open) ? open : undefined;
  }, "connections to end");
  const memory = await residentMegabytes(gate);
  report(
    `${counts.fuzzed} connections, ${sent} bytes of noise, seed ${SEED}, ${survived} went on: files ${before.files} → ${files}, ` +
      `memory ${before.memory.toFixed(0)} → ${memory.toFixed(0)} MB`,
  );
  await endQuietly(gate, upstream);
});

/** How far a handshake gets before its client falls silent. */
const UNFINISHED: readonly ((head: string) => string)[] = [
  () => "",
  () => "GET /ws",
  (head) => head.slice(0, head.indexOf("\r\n") + 2),
  (head) => head.slice(0, -2),
  // These are read to their end, and nothing comes after it.
  (head) => head.replace("\r\n\r\n", "\r\ncontent-length: 5\r\n\r\n"),
  (head) => head,
];

Deno.test("handshakes that never finish keep nobody out", async () => {
  await using upstream = new ToldUpstream();
  await using home = await Home.make();
  await using gate = await Gate.start({ env: upstream.environment(), home });
  const { hostname, port, host } = new URL(gate.url);
  const head = `GET /ws/${await makeSession(gate, "rpc")} HTTP/1.1\r\nhost: ${host}\r\nupgrade: websocket\r\n` +
    "connection: Upgrade\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
  {
    using connections = new DisposableStack();
    for (let n = 0; n < counts.unfinished; n++) {
      const connection = connections.use(await Deno.connect({ hostname, port: Number(port) }));
      const beginning = UNFINISHED[n % UNFINISHED.length]?.(head) ?? "";
      if (beginning !== "") await connection.write(new TextEncoder().encode(beginning));
      if (n % 50 === 0) await assertServes(gate);
    }
    await assertServes(gate);
  }
  await endQuietly(gate, upstream);
});

Deno.test("clients that take no notice of its end do not keep the product from stopping", async () => {
  await using upstream = new ToldUpstream();
  await using home = await Home.make();
  await using gate = await Gate.start({ env: upstream.environment(), home });
  const session = await makeSession(gate, "rpc");
  using clients = new DisposableStack();
  for (let n = 0; n < AT_A_TIME; n++) clients.use(await openRaw(gate, session));
  const startedAt = performance.now();
  await within(gate.stop(), "the product to stop", 60_000);
  const took = performance.now() - startedAt;
  report(`stopped ${took.toFixed(0)} ms after it was asked to, with ${AT_A_TIME} WebSockets that answer no close`);
  assertLess(took, STOPS_WITHIN_MS);
});
