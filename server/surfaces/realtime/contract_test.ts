import { assertEquals } from "@std/assert";
import WebSocketOfNpm from "ws";
import { chunk, DONE, events, FINISH, left, MockUpstream, startGate, USAGE } from "../../testing/mod.ts";
import type { Gate, Seen } from "../../testing/mod.ts";
import { Client } from "./realtime_fixture.ts";

const COUNTED = { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7, estimated: false };
const HELLO = () => events(chunk("Hel"), chunk("lo"), FINISH, USAGE, DONE);

async function post(gate: Gate, path: string, body: unknown): Promise<{ readonly [field: string]: string }> {
  const headers = { "content-type": "application/json" };
  return await (await gate.fetch(path, { method: "POST", headers, body: JSON.stringify(body) })).json();
}

async function newSession(gate: Gate): Promise<string> {
  const { session_id } = await post(gate, "/set-llm", { system_prompt: "Be brief." });
  if (session_id === undefined) throw new Error("no session was made");
  return session_id;
}

function urlOf(gate: Gate, path: string): URL {
  const url = new URL(path, gate.app.url);
  url.protocol = "ws:";
  return url;
}

/** A stream that says `text` and stays open until its caller leaves. */
function hanging(text: string): (seen: Seen) => Response {
  return ({ signal }) =>
    new Response(
      new ReadableStream({
        start(controller) {
          controller.enqueue(new TextEncoder().encode(chunk(text)));
          signal.addEventListener("abort", () => controller.error(new Error("left")), { once: true });
        },
      }),
      { headers: { "content-type": "text/event-stream" } },
    );
}

/** Reads a reply to its end: all its text, and its last frame. */
async function replyOf(client: Client): Promise<{ readonly text: string; readonly last: Record<string, unknown> }> {
  let text = "";
  for (;;) {
    const frame = await client.next() as Record<string, unknown>; // all frames are objects
    if (typeof frame.chunk !== "string") return { text, last: frame };
    text += frame.chunk;
  }
}

Deno.test("the WebSocket of a session streams replies, and what was said is read elsewhere", async () => {
  await using upstream = new MockUpstream();
  await using gate = await startGate(upstream);
  upstream.answer = HELLO;
  const session_id = await newSession(gate);
  const { ticket } = await post(gate, "/ws-ticket", { session_id });
  const client = await Client.open(urlOf(gate, `/ws/${session_id}?ticket=${ticket}`), []);
  client.say("one");
  const { text, last } = await replyOf(client);
  assertEquals([text, last.done, last.usage], ["Hello", true, COUNTED]);
  assertEquals((await post(gate, "/chat", { session_id, message: "two" })).response, "Hello");
  client.say("three");
  const third = await replyOf(client);
  await client.leave();
  const sent = JSON.parse(upstream.last.text).messages.map((
    { role, content }: Record<string, string>,
  ) => [role, content]);
  assertEquals(sent, [
    ["system", "Be brief."],
    ["user", "one"],
    ["assistant", "Hello"],
    ["user", "two"],
    ["assistant", "Hello"],
    ["user", "three"],
  ]);
  const history = await (await gate.fetch(`/conversation/session/${session_id}/history`)).json();
  const ids = history.data.map((message: { readonly message_id: string }) => message.message_id);
  assertEquals([ids.length, ids[1], ids[5]], [6, last.message_id, third.last.message_id]);
});

Deno.test("the WebSocket of a session sends done for a reply that is stopped elsewhere, and goes on", async () => {
  await using upstream = new MockUpstream();
  await using gate = await startGate(upstream);
  upstream.answer = hanging("Hal");
  const session_id = await newSession(gate);
  const client = await Client.open(urlOf(gate, `/ws/${session_id}`), []);
  client.say("one");
  assertEquals(await client.next(), { chunk: "Hal" });
  client.say("two");
  const busy = await client.next() as { readonly error: { readonly code: string } }; // or the test fails here
  assertEquals(busy.error.code, "session_busy");
  const { stopped } = await post(gate, `/conversation/session/${session_id}/stop`, {});
  const { last } = await replyOf(client);
  assertEquals([last.done, [last.message_id]], [true, stopped as unknown]);
  await left(upstream.last);
  upstream.answer = HELLO;
  client.say("three");
  assertEquals((await replyOf(client)).text, "Hello");
  await client.leave();
});

Deno.test("the WebSocket of a session ends its turn with the client", async () => {
  await using upstream = new MockUpstream();
  await using gate = await startGate(upstream);
  upstream.answer = hanging("Hal");
  const client = await Client.open(urlOf(gate, `/ws/${await newSession(gate)}`), []);
  client.say("one");
  assertEquals(await client.next(), { chunk: "Hal" });
  await client.leave();
  await left(upstream.last);
});

Deno.test("the WebSocket of a session serves the client of the npm package ws", async () => {
  await using upstream = new MockUpstream();
  await using gate = await startGate(upstream);
  upstream.answer = HELLO;
  const socket = new WebSocketOfNpm(urlOf(gate, `/ws/${await newSession(gate)}`));
  const frames: Record<string, unknown>[] = [];
  const { promise: answered, resolve } = Promise.withResolvers<void>();
  socket.on("open", () => socket.send("one"));
  socket.on("message", (data: { toString(): string }) => {
    const frame = JSON.parse(data.toString());
    frames.push(frame);
    if (frame.done === true) resolve();
  });
  await answered;
  assertEquals(frames.slice(0, -1).map(({ chunk }) => chunk).join(""), "Hello");
  const closed = new Promise((resolve) => socket.on("close", resolve));
  socket.close();
  await closed;
});

Deno.test("a server that stops lets the reply of a WebSocket come to its end", async () => {
  await using upstream = new MockUpstream();
  await using gate = await startGate(upstream);
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  upstream.answer = () => {
    const pieces = async function* () {
      yield chunk("Hel");
      await released;
      yield* [chunk("lo"), FINISH, USAGE, DONE];
    };
    const body = ReadableStream.from(pieces()).pipeThrough(new TextEncoderStream());
    return new Response(body, { headers: { "content-type": "text/event-stream" } });
  };
  const session_id = await newSession(gate);
  const idle = await Client.open(urlOf(gate, `/ws/${session_id}`), []);
  const busy = await Client.open(urlOf(gate, `/ws/${session_id}`), []);
  busy.say("one");
  assertEquals(await busy.next(), { chunk: "Hel" });
  const stopped = gate.app.stop();
  assertEquals(await idle.closed, 1001);
  release();
  const { text, last } = await replyOf(busy);
  assertEquals([text, last.done], ["lo", true]);
  assertEquals(await busy.closed, 1001);
  await stopped;
});
