import { assertEquals, assertRejects } from "@std/assert";
import { LOCAL_USER } from "../accounts/mod.ts";
import { FakeClock, settle } from "../effects/fake_clock.ts";
import { GatehouseError } from "../errors/mod.ts";
import { createWatchdog } from "../network/mod.ts";
import { createMetrics, silentLogger } from "../telemetry/mod.ts";
import { openaiChat, readChatRequest, type UpstreamCall } from "../upstream/mod.ts";
import { fakeUpstream } from "../upstream/upstream_fixture.ts";
import { createAdmissions, createPrices } from "../usage/mod.ts";
import type { ModelCall } from "./call.ts";
import type { EventAnswer, EventCall, EventStream } from "./event_call.ts";
import { createInference } from "./inference.ts";

const EVENT = 'data: {"choices":[{"index":0,"delta":{"content":"four"}}]}\n\n';

/** Calls before an upstream that streams for ever, one at a time. */
function rig(options: { readonly totalTimeout?: number; readonly send?: (call: UpstreamCall) => void } = {}) {
  const clock = new FakeClock();
  const watchdog = createWatchdog(clock);
  const metrics = createMetrics({ clock, version: "0", upstreams: ["u"], routes: [] });
  const booked: string[] = [];
  const admissions = createAdmissions({
    ledger: {
      open: () => ({
        end({ prompt, completion }, estimated) {
          booked.push(`${prompt}+${completion}${estimated ? " estimated" : ""}`);
          return null;
        },
        unused: () => void booked.push("unused"),
      }),
    },
    limiter: { reserve: () => Promise.reject(new Error("nobody is limited here")) },
    prices: createPrices(null),
  });
  const inference = createInference({ clock, watchdog, metrics, admissions });
  const state = { cancelled: 0 };
  const body = () =>
    new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new TextEncoder().encode(EVENT)),
      cancel: () => void state.cancelled++,
    }, { highWaterMark: 0 });
  const upstream = fakeUpstream({
    totalTimeout: options.totalTimeout ?? 0,
    maxConcurrent: 1,
    send(call) {
      call.onSend?.();
      options.send?.(call);
      return Promise.resolve({
        ok: true,
        clean: (text) => text,
        response: new Response(body(), { headers: { "content-type": "text/event-stream" } }),
      });
    },
  });
  const client = new AbortController();
  const call: ModelCall = {
    upstream,
    who: LOCAL_USER,
    model: "m",
    maxOutput: null,
    headers: [],
    signal: client.signal,
    startedAt: 0,
    log: silentLogger,
  };
  const events = async (signal = client.signal, more: Partial<EventCall> = {}): Promise<EventStream> => {
    const body = { messages: [{ role: "user", content: "12345678" }] };
    const answer: EventAnswer = await inference.events({ ...call, signal, body, stream: true, timeout: null, ...more });
    if (answer.kind !== "events") throw new Error("the upstream refused");
    return answer;
  };
  const bytes = () => {
    const request = readChatRequest(new TextEncoder().encode('{"stream":true,"model":"m"}'));
    if (!request.ok) throw new Error(request.reason);
    return inference.bytes({ ...call, dialect: openaiChat, request, setModel: false });
  };
  return { clock, inference, booked, state, client, events, bytes, [Symbol.dispose]: () => watchdog.close() };
}

/** The code that an iteration ends with. */
async function codeOf(step: Promise<unknown>): Promise<string> {
  return (await assertRejects(() => step, GatehouseError)).code;
}

Deno.test("a call whose client leaves in the tick in which the headers come is over, though nobody reads it", async () => {
  using rigged: ReturnType<typeof rig> = rig({ send: () => rigged.client.abort() });
  const answer = await rigged.events();
  await settle();
  assertEquals([rigged.inference.open, rigged.state.cancelled, rigged.booked], [0, 1, ["2+0 estimated"]]);
  assertEquals(await codeOf(answer.events[Symbol.asyncIterator]().next()), "client_closed_request");
});

Deno.test("a call whose client leaves before anybody begins to read it is over", async () => {
  using rigged = rig();
  await rigged.events();
  rigged.client.abort();
  await settle();
  assertEquals([rigged.inference.open, rigged.state.cancelled, rigged.booked], [0, 1, ["2+0 estimated"]]);
});

Deno.test("a time-out ends a call whose reader has begun and is away", async () => {
  using rigged = rig({ totalTimeout: 1_000 });
  const reader = (await rigged.events()).events[Symbol.asyncIterator]();
  await reader.next();
  await reader.next();
  await rigged.clock.advance(1_000);
  assertEquals([rigged.inference.open, rigged.booked], [0, ["2+1 estimated"]]);
  assertEquals(await codeOf(reader.next()), "upstream_timeout");
  assertEquals(rigged.state.cancelled, 1);
});

Deno.test("a time-out before anybody reads is told as one", async () => {
  using rigged = rig({ totalTimeout: 1_000 });
  const answer = await rigged.events();
  await rigged.clock.advance(1_000);
  assertEquals(await codeOf(answer.events[Symbol.asyncIterator]().next()), "upstream_timeout");
});

Deno.test("a reader that stops early ends its call", async () => {
  using rigged = rig();
  for await (const event of (await rigged.events()).events) if (event.type === "text") break;
  assertEquals([rigged.inference.open, rigged.state.cancelled, rigged.booked], [0, 1, ["2+1 estimated"]]);
});

Deno.test("a call that is given up before it is sent has used nothing", async () => {
  using rigged = rig();
  await rigged.events();
  const other = new AbortController();
  const waiting = rigged.events(other.signal);
  await settle();
  other.abort();
  assertEquals(await codeOf(waiting), "client_closed_request");
  assertEquals(rigged.booked, ["unused"]);
  rigged.client.abort();
});

Deno.test("endAll() in the tick in which the headers come ends the stream", async () => {
  const error = new GatehouseError("draining", "Cannot go on: the server is stopping");
  using rigged: ReturnType<typeof rig> = rig({ send: () => rigged.inference.endAll(error) });
  const { body } = await rigged.bytes();
  const text = await new Response(body).text();
  assertEquals([text.includes('"code":"draining"'), rigged.inference.open], [true, 0]);
});

Deno.test("events() awaits what must be kept before the model is asked, and ends the call where that fails", async () => {
  const order: string[] = [];
  using given = rig({ send: () => void order.push("sent") });
  const bills: number[] = [];
  const onBill = ({ usage }: { readonly usage: { readonly prompt_tokens: number } }) =>
    void bills.push(usage.prompt_tokens);
  const answer = await given.events(given.client.signal, {
    onAdmitted: async () => {
      await settle();
      order.push("kept");
    },
    onBill,
  });
  assertEquals(order, ["kept", "sent"]);
  for await (const _ of answer.events) break;
  assertEquals([bills, given.inference.open], [[2], 0]);
  const lost = new GatehouseError("storage_unavailable", "Cannot keep the message: the test says so");
  const onAdmitted = () => Promise.reject(lost);
  assertEquals(await codeOf(given.events(given.client.signal, { onAdmitted, onBill })), "storage_unavailable");
  assertEquals([order.length, bills, given.booked.at(-1), given.inference.open], [2, [2, 0], "unused", 0]);
});

Deno.test("events() refuses a limited caller's field that stands for one the limit goes by", async () => {
  using given = rig();
  const who = { ...LOCAL_USER, models: [["m"]] };
  for (const name of ["Model", "models", "N", "Max_Tokens"]) {
    const body = { messages: [], [name]: 1 };
    assertEquals(await codeOf(given.events(given.client.signal, { who, body })), "invalid_field");
  }
  assertEquals(given.booked, []);
});
