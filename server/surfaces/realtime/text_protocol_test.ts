import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { LOCAL_USER, type Who } from "../../accounts/mod.ts";
import { RefusedError } from "../../conversations/mod.ts";
import { FakeClock, settle } from "../../effects/fake_clock.ts";
import { GatehouseError } from "../../errors/mod.ts";
import type { SocketHandler } from "../../http/mod.ts";
import { silentLogger } from "../../telemetry/mod.ts";
import { FakeConversations, type FakeTurn, sessionOf, USAGE } from "../sessions/conversations_fixture.ts";
import { FakeSocket } from "./socket_fixture.ts";
import { textProtocol } from "./text_protocol.ts";

/** A connection of text whose turns the test plays. */
class Line {
  readonly socket = new FakeSocket();
  readonly conversations = new FakeConversations();
  readonly clock = new FakeClock();
  /** How often it was asked who is there. */
  asked = 0;
  who: () => Promise<Who> = () => Promise.resolve(LOCAL_USER);
  readonly handler: SocketHandler;

  constructor() {
    const session = sessionOf("local", "S1");
    this.conversations.sessions.push(session);
    const who = () => {
      this.asked++;
      return this.who();
    };
    const headers = [["user-agent", "test/1"]] as const;
    this.handler = textProtocol({ socket: this.socket, session, who, headers, log: silentLogger }, {
      conversations: this.conversations.rooms,
      clock: this.clock,
    });
  }

  /** Sends a frame and lets all that it causes happen. */
  async say(text: string): Promise<void> {
    this.handler.onText(text);
    await settle();
  }

  get turn(): FakeTurn {
    const turn = this.conversations.begun.at(-1);
    if (turn === undefined) throw new Error("no turn was begun");
    return turn;
  }
}

const done = (id: string) => ({ done: true, message_id: id, usage: USAGE });
const codes = (frames: readonly unknown[]) =>
  frames.map((frame) => (frame as { readonly error: { readonly code: string } }).error.code); // all are errors here

Deno.test("textProtocol() sends a reply in chunks as they come, and done once it is stored", async () => {
  const line = new Line();
  await line.clock.advance(500);
  await line.say(' {"not": "parsed"} ');
  const { who, sessionId, content, grace, startedAt, headers, signal } = line.turn.request;
  assertEquals({ who, sessionId, content, grace, startedAt, headers }, {
    who: LOCAL_USER,
    sessionId: "S1",
    content: ' {"not": "parsed"} ',
    grace: null,
    startedAt: 500,
    headers: [["user-agent", "test/1"]],
  });
  assertEquals(signal, line.socket.signal);
  line.turn.say("Hel");
  assertEquals(line.socket.take(), [{ chunk: "Hel" }]);
  line.turn.say("lo");
  line.turn.done();
  await settle();
  assertEquals(line.socket.take(), [{ chunk: "lo" }, done("REPLY0")]);
  await line.say("and?");
  line.turn.done();
  await settle();
  assertEquals(line.socket.take(), [done("REPLY1")]);
  assertEquals([line.asked, line.socket.closed], [2, []]);
});

Deno.test("textProtocol() says busy to a frame in the middle of a reply, which goes on", async () => {
  const line = new Line();
  line.handler.onText("one");
  line.handler.onText("two");
  await settle();
  line.turn.say("a");
  await line.say("");
  line.turn.say("b");
  line.turn.done();
  await settle();
  const [busy, first, again, ...rest] = line.socket.take();
  assertEquals(codes([busy, again]), ["session_busy", "session_busy"]);
  assertEquals([first, ...rest], [{ chunk: "a" }, { chunk: "b" }, done("REPLY0")]);
  assertEquals(line.conversations.begun.length, 1);
});

Deno.test("textProtocol() refuses blank frames in the words of the one error body", async () => {
  const line = new Line();
  for (const text of ["", " ", "\n\t\u00a0"]) await line.say(text);
  const message = "Cannot send this message: the frame is blank; send what the user says";
  const error = { message, type: "invalid_request_error", param: null, code: "invalid_field" };
  assertEquals(line.socket.take(), [{ error }, { error }, { error }]);
  assertEquals([line.asked, line.conversations.begun], [0, []]);
});

Deno.test("textProtocol() sends what a turn fails with, and the next one runs", async () => {
  const line = new Line();
  line.conversations.refusal = new GatehouseError("session_busy", "Cannot begin: another turn runs");
  await line.say("hi");
  line.conversations.refusal = null;
  await line.say("hi");
  line.turn.say("a");
  line.turn.fail(new GatehouseError("upstream_truncated", "Cannot go on: cut"));
  await settle();
  await line.say("hi");
  line.turn.fail(new Error("a secret"));
  await settle();
  const [busy, chunk, ...rest] = line.socket.take();
  assertEquals(chunk, { chunk: "a" });
  assertEquals(codes([busy, ...rest]), ["session_busy", "upstream_truncated", "internal_error"]);
  assertEquals(JSON.stringify(rest).includes("a secret"), false);
  await line.say("hi");
  line.turn.done();
  await settle();
  assertEquals([line.socket.take(), line.socket.closed], [[done("REPLY2")], []]);
});

Deno.test("textProtocol() tells a refusal in the upstream's words, and when to try again", async () => {
  const line = new Line();
  const refusals = [['{"error":{"message":"too long","type":5,"code":"busy","extra":1}}', "busy"], [
    "<html>",
    "upstream_failed",
  ]];
  for (const [text, code] of refusals) {
    await line.say("hi");
    const body = new TextEncoder().encode(text);
    const refusal = new RefusedError({ kind: "refused", status: 429, headers: { "retry-after": "7" }, body }, "u");
    line.turn.fail(refusal);
    await settle();
    const message = code === "busy" ? "too long" : refusal.message;
    const error = { message, type: "api_error", param: null, code, status: 429, retry_after: 7 };
    assertEquals(line.socket.take(), [{ error }]);
  }
  const limit = new GatehouseError("rate_limit_exceeded", "Cannot answer: slow", { retryAfterSeconds: 3 });
  line.conversations.refusal = limit;
  await line.say("hi");
  const error = { ...limit.toBody().error, retry_after: 3 };
  assertEquals([line.socket.take(), line.socket.closed], [[{ error }], []]);
});

Deno.test("textProtocol() sends done for a reply that was stopped from elsewhere", async () => {
  const line = new Line();
  await line.say("hi");
  line.turn.say("Hal");
  line.turn.stop();
  await settle();
  assertEquals(line.socket.take(), [{ chunk: "Hal" }, done("REPLY0")]);
});

Deno.test("textProtocol() closes where who is there may not pass any more, or the session is gone", async () => {
  for (const code of ["invalid_token", "invalid_api_key", "not_found"] as const) {
    const line = new Line();
    line.who = () => Promise.reject(new GatehouseError(code, "Cannot go on: the test says so"));
    await line.say("hi");
    assertEquals(codes(line.socket.take()), [code]);
    assertEquals(line.socket.closed, [[1008, code]]);
    await line.say("hi");
    line.handler.onDrain();
    assertEquals([line.asked, line.socket.sent, line.socket.closed.length], [1, [], 1], code);
  }
  const gone = new Line();
  await gone.say("hi");
  gone.turn.fail(new GatehouseError("not_found", "Cannot store the reply: the session was deleted"));
  await settle();
  assertEquals(codes(gone.socket.take()), ["not_found"]);
  assertEquals(gone.socket.closed.map(([code]) => code), [1008]);
});

Deno.test("textProtocol() goes on where a passing fault kept it from knowing who is there", async () => {
  const line = new Line();
  line.who = () => Promise.reject(new GatehouseError("storage_unavailable", "Cannot read the store"));
  await line.say("hi");
  assertEquals([codes(line.socket.take()), line.socket.closed], [["storage_unavailable"], []]);
});

Deno.test("textProtocol() cancels the turn of a client that leaves, and says nothing more", async () => {
  const line = new Line();
  await line.say("hi");
  line.turn.say("a");
  line.socket.leave();
  line.turn.say("b");
  await settle();
  await line.say("still there?");
  line.handler.onDrain();
  assertEquals([line.socket.take(), line.socket.closed], [[{ chunk: "a" }], []]);
  assertEquals((await line.turn.ended).message?.status, "stopped");
  assertEquals(line.conversations.begun.length, 1);
});

Deno.test("textProtocol() closes at a drain: at once where nothing runs, else after the reply", async () => {
  const idle = new Line();
  idle.handler.onDrain();
  assertEquals(idle.socket.closed.map(([code]) => code), [1001]);
  await idle.say("hi");
  assertEquals([idle.conversations.begun, idle.socket.sent], [[], []]);

  for (const end of ["done", "fail"] as const) {
    const line = new Line();
    await line.say("hi");
    line.handler.onDrain();
    line.turn.say("a");
    assertEquals(line.socket.closed, []);
    if (end === "done") line.turn.done();
    else line.turn.fail(new GatehouseError("draining", "Cannot go on: the server is stopping"));
    await settle();
    assertEquals([line.socket.take().length, line.socket.closed.map(([code]) => code)], [2, [1001]], end);
  }
});

Deno.test("textProtocol() answers every turn with its chunks in order and one last frame, whatever comes in between", async () => {
  const event = fc.oneof(
    fc.constant({ kind: "frame" } as const),
    fc.constant({ kind: "blank" } as const),
    fc.record({ kind: fc.constant("chunk" as const), text: fc.string({ minLength: 1 }) }),
    fc.constant({ kind: "done" } as const),
    fc.constant({ kind: "fail" } as const),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(event, { maxLength: 20 }), async (events) => {
      const line = new Line();
      const expected: string[] = [];
      let running = false;
      for (const event of events) {
        if (event.kind === "frame" || event.kind === "blank") {
          line.handler.onText(event.kind === "frame" ? "hi" : " ");
          for (let i = 0; i < 5; i++) await Promise.resolve();
          if (running) expected.push("session_busy");
          else if (event.kind === "blank") expected.push("invalid_field");
          else running = true;
        } else if (running) {
          if (event.kind === "chunk") {
            line.turn.say(event.text);
            expected.push(`chunk ${event.text}`);
          } else {
            running = false;
            if (event.kind === "done") line.turn.done();
            else line.turn.fail(new GatehouseError("upstream_failed", "Cannot go on"));
            expected.push(event.kind === "done" ? "done" : "upstream_failed");
            for (let i = 0; i < 10; i++) await Promise.resolve();
          }
        }
      }
      assertEquals(line.socket.take().map(shown), expected);
    }),
    { numRuns: 150 },
  );
});

/** A frame in a word. */
function shown(frame: unknown): string {
  const { chunk, done, error } = frame as { // what this protocol sends, and the comparison shows what else
    readonly chunk?: string;
    readonly done?: true;
    readonly error?: { readonly code: string };
  };
  return chunk !== undefined ? `chunk ${chunk}` : done === true ? "done" : `${error?.code}`;
}
