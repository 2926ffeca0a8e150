import { assert, assertEquals, assertGreater, assertLess } from "@std/assert";
import { OPCODE, type RawClient } from "../http/frame_fixture.ts";
import { Gate, Home } from "./gate.ts";
import { counts } from "./realtime_counts.ts";
import { endQuietly, residentMegabytes } from "./realtime_quiet.ts";
import { assertServes, beginRaw, endOf, makeSession, openRaw, type Speech } from "./realtime_raw.ts";
import { type ModelCall, ToldUpstream } from "./realtime_upstream.ts";
import { within } from "./realtime_within.ts";
import { report } from "./report.ts";
import { eventually } from "./wait.ts";

const MIB = 1024 * 1024;
/** A piece of a reply: a number, and much after it. */
const piece = (n: number) => `${n}:`.padEnd(64 * 1024, "x");
/** So much does a reader leave lying at a time: less than what costs it the connection. */
const PIECES_AT_A_TIME = 78;
/** More than may lie, and less than the longest reply. */
const TIMES = 3;
/** Readers that stop, all at once. */
const STOPPING = 4;
/** What may lie here, in the system's own buffers of both sides, and at the upstream's side, for each reader. */
const FAR_BEHIND = 40 * MIB;

/** Says something, and waits until the model is asked. */
async function begin(client: RawClient, speech: Speech, prompt: string, upstream: ToldUpstream): Promise<ModelCall> {
  if (speech === "text") await client.text(prompt);
  else await beginRaw(client, prompt);
  return await within(upstream.called(prompt), `the request for ${prompt}`);
}

/** The number of a piece in a frame, whatever it is wrapped in. */
function numberIn(text: string, speech: Speech): number {
  const frame = JSON.parse(text);
  const chunk: string = speech === "text" ? frame.chunk : frame.params.chunk;
  const n = Number.parseInt(chunk);
  assertEquals(chunk, piece(n));
  return n;
}

/** Says one piece after the other until its caller has left. @returns how many bytes that were */
async function flood(call: ModelCall): Promise<number> {
  for (let n = 0; call.isOpen; n++) await call.say(piece(n));
  await call.left;
  return call.sent;
}

async function startGate(upstream: ToldUpstream, home: Home): Promise<Gate> {
  return await Gate.start({ env: upstream.environment(), home });
}

for (const speech of ["text", "rpc"] as const) {
  Deno.test(`a reader that is slow gets everything in order (${speech})`, async () => {
    await using upstream = new ToldUpstream();
    await using home = await Home.make();
    await using gate = await startGate(upstream, home);
    using client = await openRaw(gate, await makeSession(gate, speech));
    const call = await begin(client, speech, "at length", upstream);
    for (let time = 0; time < TIMES; time++) {
      const numbers = Array.from({ length: PIECES_AT_A_TIME }, (_, n) => time * PIECES_AT_A_TIME + n);
      // Nothing is read before all of it was said.
      for (const n of numbers) await call.say(piece(n));
      for (const n of numbers) assertEquals(numberIn(await within(client.nextText(), "a piece"), speech), n);
    }
    await call.end();
    const last = JSON.parse(await client.nextText());
    if (speech === "text") assertEquals(last.done, true);
    else assertEquals([last.method, last.params.status_message], ["end", "complete"]);
    assertGreater(call.sent, 8 * MIB);
    client.vanish();
    await endQuietly(gate, upstream);
  });

  Deno.test(`readers that stop lose their replies and their connections, and others are served (${speech})`, async () => {
    await using upstream = new ToldUpstream();
    await using home = await Home.make();
    await using gate = await startGate(upstream, home);
    const memory = [await residentMegabytes(gate)];
    for (let wave = 0; wave < counts.stops; wave++) {
      await Promise.all(
        Array.from({ length: STOPPING }, (_, n) => stopReading(gate, speech, `${wave}-${n}`, upstream)),
      );
      memory.push(await residentMegabytes(gate));
      await assertServes(gate);
    }
    report(
      `${STOPPING} readers stop, ${speech}; memory after each time: ${memory.map((mb) => mb.toFixed(0)).join(" ")} MB`,
    );
    await endQuietly(gate, upstream);
  });
}

async function stopReading(gate: Gate, speech: Speech, prompt: string, upstream: ToldUpstream): Promise<void> {
  const session = await makeSession(gate, speech);
  using client = await openRaw(gate, session);
  const call = await begin(client, speech, prompt, upstream);
  const sent = await within(flood(call), "the upstream's request to be given up", 60_000);
  assertGreater(sent, 8 * MIB);
  assertLess(sent, FAR_BEHIND);
  // What had left before is there to be read, in order, and the reason after it.
  let pieces = 0;
  let frame = await within(client.next(), "what had left");
  for (; frame?.opcode === OPCODE.text; frame = await within(client.next(), "the close")) {
    assertEquals(numberIn(new TextDecoder().decode(frame.payload), speech), pieces++);
  }
  assert(frame !== null && frame.opcode === OPCODE.close, `opcode ${frame?.opcode} after ${pieces} pieces`);
  assertEquals(new DataView(frame.payload.buffer).getUint16(0), 1008);
  // The session is free once the reply is stored.
  using again = await openRaw(gate, session);
  if (speech === "rpc") assertEquals((await endOf(again, await beginRaw(again, "now")))?.status_message, "complete");
  else await eventually(() => speaksAgain(again), "the session to be free");
}

async function speaksAgain(client: RawClient): Promise<true | undefined> {
  await client.text("now");
  const { chunk, error } = JSON.parse(await within(client.nextText(), "a reply"));
  if (error !== undefined) return void assertEquals(error.code, "session_busy");
  assertEquals(chunk, "now");
  return true;
}
