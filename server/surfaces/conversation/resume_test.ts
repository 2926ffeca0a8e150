import { assertEquals } from "@std/assert";
import { settle } from "../../effects/fake_clock.ts";
import { GatehouseError } from "../../errors/mod.ts";
import { conversationFixture, replyOf, sessionOf, told } from "./conversation_fixture.ts";
import { doneBody } from "./message_body.ts";
import { ScriptedTurn } from "./scripted_turn_fixture.ts";

const STREAM = "GET /conversation/session/01SESSION/stream";

function fixture() {
  const made = conversationFixture();
  made.rooms.add(sessionOf());
  return made;
}

/** The events of a stream, without their data. */
function namesOf(text: string): string[] {
  return [...text.matchAll(/^id: (.*)\nevent: (.*)$/gm)].map(([, id, event]) => `${id} ${event}`);
}

Deno.test("a reply goes on behind the last event that came, and from the start where none is named", async () => {
  const { rooms, ask } = fixture();
  const turn = () =>
    new ScriptedTurn(
      { type: "session", sessionId: "01SESSION", messageId: "01MESSAGE" },
      { type: "chunk", text: "hello" },
      { type: "done", message: replyOf() },
    );
  const all = ["01REPLY:0 session", "01REPLY:1 chunk", "01REPLY:2 done"];
  const cases = [
    [{}, null, 0],
    [{ "last-event-id": "" }, null, 0],
    [{ "last-event-id": "01REPLY:0" }, { replyId: "01REPLY", n: 0 }, 1],
    [{ "Last-Event-ID": "01REPLY:1" }, { replyId: "01REPLY", n: 1 }, 2],
    [{ "last-event-id": "01OTHER:1" }, { replyId: "01OTHER", n: 1 }, 0],
  ] as const;
  for (const [headers, last, from] of cases) {
    rooms.join = () => Promise.resolve({ kind: "live", turn: turn() });
    const response = await ask(STREAM, { headers });
    assertEquals(response.headers.get("content-type"), "text/event-stream");
    assertEquals(namesOf(await response.text()), all.slice(from));
    assertEquals(rooms.asked.at(-1), last);
  }
});

Deno.test("GET …/stream answers 204 where nothing runs, and refuses what names no event", async () => {
  const { ask } = fixture();
  const none = await ask(STREAM);
  assertEquals([none.status, none.headers.get("cache-control")], [204, "no-store"]);
  for (
    const id of ["01REPLY", "01REPLY:", ":1", "01REPLY:-1", "01REPLY:1x", "01REPLY:1, 01REPLY:2", "a b:1", "x:1e3"]
  ) {
    const answer = await ask(STREAM, { headers: { "last-event-id": id } });
    assertEquals(await told(answer), "422 invalid_field last-event-id", id);
  }
});

Deno.test("a reply of another process is waited for with pings, then comes with the numbers of a live one", async () => {
  const anew = 'id: 01REPLY:0\nevent: session\ndata: {"session_id":"01SESSION","message_id":"01MESSAGE"}';
  const whole = 'id: 01REPLY:3\nevent: chunk\ndata: {"content":"hello"}';
  const done = `id: 01REPLY:4\nevent: done\ndata: ${
    JSON.stringify(doneBody("01SESSION", replyOf({ status: "failed" })))
  }`;
  const cases: readonly (readonly [last: string, content: string, events: readonly string[]])[] = [
    ["", "hello", [anew, whole, done]],
    ["01REPLY:0", "hello", [anew, whole, done]],
    ["01REPLY:2", "hello", [anew, whole, done]],
    ["01REPLY:3", "hello", [done]],
    ["01OTHER:3", "hello", [anew, whole, done]],
    ["01REPLY:2", "", [anew, done]],
    ["01REPLY:3", "", [done]],
  ];
  for (const [last, content, events] of cases) {
    const { rooms, ask, clock } = fixture();
    const stored = Promise.withResolvers<ReturnType<typeof replyOf>>();
    const reply = () => stored.promise;
    rooms.join = () => Promise.resolve({ kind: "elsewhere", messageId: "01MESSAGE", replyId: "01REPLY", reply });
    const response = await ask(STREAM, { headers: { "last-event-id": last } });
    const text = response.text();
    await clock.advance(15_000);
    stored.resolve(replyOf({ content, status: "failed", chunks: 3 }));
    assertEquals((await text).split("\n\n"), [": ping", ...events, ""], last);
  }
});

Deno.test("a stored reply without text begins and ends, and one whose chunks nobody counted comes whole", async () => {
  const cases = [
    [{ content: "", chunks: 0 }, null, ["01REPLY:0 session", "01REPLY:1 done"]],
    [{ content: "", chunks: 0 }, "01REPLY:0", ["01REPLY:1 done"]],
    [{ chunks: null }, "01REPLY:7", ["01REPLY:0 session", "01REPLY:1000000000 chunk", "01REPLY:1000000001 done"]],
    [{ chunks: null }, "01REPLY:1000000000", ["01REPLY:1000000001 done"]],
  ] as const;
  for (const [changes, last, names] of cases) {
    const { rooms, ask } = fixture();
    const reply = () => Promise.resolve(replyOf(changes));
    rooms.join = () => Promise.resolve({ kind: "elsewhere", messageId: "01MESSAGE", replyId: "01REPLY", reply });
    const response = await ask(STREAM, last === null ? {} : { headers: { "last-event-id": last } });
    assertEquals(namesOf(await response.text()), [...names]);
  }
});

Deno.test("a reply of another process that cannot be had is an error event; a client that leaves ends the waiting", async () => {
  const { rooms, ask } = fixture();
  const gone = new GatehouseError("not_found", "Cannot find this session");
  const elsewhere = { kind: "elsewhere", messageId: "01MESSAGE", replyId: "01REPLY" } as const;
  rooms.join = () => Promise.resolve({ ...elsewhere, reply: () => Promise.reject(gone) });
  assertEquals(
    await (await ask(STREAM)).text(),
    `id: 01REPLY:0\nevent: error\ndata: ${JSON.stringify(gone.toBody())}\n\n`,
  );
  const client = new AbortController();
  const heard = Promise.withResolvers<void>();
  rooms.join = () =>
    Promise.resolve({
      ...elsewhere,
      reply: (signal) =>
        new Promise((_, reject) => signal.addEventListener("abort", () => (heard.resolve(), reject(signal.reason)))),
    });
  const response = await ask(STREAM, { signal: client.signal });
  const text = response.text().catch(() => "left");
  await settle();
  client.abort();
  await heard.promise;
  assertEquals(await text, "left");
});
