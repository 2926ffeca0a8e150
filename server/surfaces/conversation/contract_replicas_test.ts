import { assert, assertEquals } from "@std/assert";
import { type Gate, startGate } from "../../testing/mod.ts";
import { chunk, DONE, Feed, FINISH, USAGE } from "../../testing/mod.ts";
import { House, JWT_SECRET } from "../accounts/contract_fixture_test.ts";
import {
  assertError,
  assertIds,
  Events as Reader,
  namesOf,
  Person,
  say,
  startTalk,
  str,
  textOf,
} from "./contract_talk_fixture.ts";

type Talk = Awaited<ReturnType<typeof startTalk>>;

/** One more server on the same store, and ann before it. */
async function another({ house, ann }: Talk): Promise<{ gate: Gate; ann: Person } & AsyncDisposable> {
  const gate = await startGate(house.upstream, {
    clock: house.clock,
    env: {
      AUTH: "required",
      JWT_SECRET,
      PRICES_FILE: `${house.dir}/prices.json`,
      DATA_DIR: `${house.gate.dir}/data`,
    },
  });
  const there = new Person(new House(gate, house.upstream, house.clock, house.dir), ann.id, ann.access);
  return { gate, ann: there, [Symbol.asyncDispose]: () => gate[Symbol.asyncDispose]() };
}

/** A turn that has said "one" and waits for the test. */
async function running(talk: Talk, fields = {}) {
  const feed = new Feed();
  talk.upstream.answer = () => feed.response;
  const stream = await talk.ann.stream({ message: "go", ...fields });
  const session = str((await stream.until("session")).data["session_id"]);
  feed.send(chunk("one"));
  const last = str((await stream.until("chunk")).id);
  return { feed, stream, session, last };
}

Deno.test("a session goes on at another server, which sees that it is busy", async () => {
  await using talk = await startTalk();
  await using other = await another(talk);
  const { feed, stream, session } = await running(talk);
  const busy = await other.ann.call("POST", "/conversation", { message: "x", session_id: session, stream: false });
  assertError(busy, 409, "session_busy");
  assertError(await other.ann.call("POST", "/chat", { message: "x", session_id: session }), 409, "session_busy");
  feed.send(FINISH + USAGE + DONE);
  feed.close();
  await stream.rest();
  talk.upstream.answer = say("there");
  await other.ann.turn({ message: "y", session_id: session });
  assertEquals((await talk.ann.history(session)).map((one) => one["content"]), ["go", "one", "y", "there"]);
});

Deno.test("a reply that is resumed at another server comes as it is stored, then done", async () => {
  await using talk = await startTalk();
  await using other = await another(talk);
  const { feed, stream, session, last } = await running(talk);
  const resumed = other.ann.resume(session, last).then((response) => new Reader(response).rest());
  feed.send(chunk("two") + FINISH + USAGE + DONE);
  feed.close();
  const done = (await stream.rest()).at(-1);
  const all = await resumed;
  assertEquals([textOf(all), all.at(-1)], ["onetwo", done]);
  const [id] = last.split(":");
  assertEquals(all.map((one) => `${one.event} ${one.id}`), [`session ${id}:0`, `chunk ${id}:2`, `done ${id}:3`]);
  assertEquals((await other.ann.resume(session, str(done?.id))).status, 204);
});

Deno.test("stop at another server ends the reply here", async () => {
  await using talk = await startTalk();
  await using other = await another(talk);
  const { feed, stream, session, last } = await running(talk);
  const stopped = await other.ann.call("POST", `/conversation/session/${session}/stop`);
  assertEquals([stopped.status, stopped.json], [200, { stopped: [last.split(":")[0]] }]);
  await feed.left;
  assertEquals((await stream.rest()).at(-1)?.data["status"], "stopped");
  assertEquals((await other.ann.history(session)).at(-1)?.["status"], "stopped");
});

Deno.test("a session deleted at another server takes its running reply along", async () => {
  await using talk = await startTalk();
  await using other = await another(talk);
  const { feed, stream, session } = await running(talk);
  assertEquals((await other.ann.call("DELETE", `/conversation/session/${session}`)).status, 204);
  await feed.left;
  await stream.rest();
  assertError(await talk.ann.call("GET", `/conversation/session/${session}/history`), 404, "not_found");
});

Deno.test("a reply is resumed for 2 minutes after its end, and then 204", async () => {
  await using talk = await startTalk();
  const { ann, house } = talk;
  await using stream = await ann.stream({ message: "x" });
  const all = await stream.rest();
  const session = str(all[0]?.data["session_id"]);
  house.clock.skip(119_000);
  const again = await new Reader(await ann.resume(session, str(all[0]?.id))).rest();
  assertEquals(again, all.slice(1));
  house.clock.skip(2000);
  const late = await ann.resume(session, str(all[0]?.id));
  assertEquals([late.status, await late.text()], [204, ""]);
});

Deno.test("a reply of more than 4 MiB is resumed while it runs without a gap or a repeat", async () => {
  await using talk = await startTalk();
  const { ann } = talk;
  const { feed, stream, session, last } = await running(talk);
  const pieces = Array.from({ length: 60 }, (_, n) => `${n}:${"y".repeat(100_000)}`);
  for (const piece of pieces) feed.send(chunk(piece));
  for (let n = 0; n < 30; n++) await stream.until("chunk");
  const response = await ann.resume(session, last);
  feed.send(FINISH + USAGE + DONE);
  feed.close();
  const all = await new Reader(response).rest();
  assertEquals(assertIds(all, 2), last.split(":")[0]);
  assert(textOf(all) === pieces.join(""));
  await stream.rest();
});

Deno.test("a server that stops ends a running reply with the error event, keeps what came, and the next goes on", async () => {
  await using talk = await startTalk();
  const { ann, house } = talk;
  const { stream, session } = await running(talk);
  let stopped = false;
  const stopping = house.gate.app.stop().then(() => stopped = true);
  const ending = stream.rest();
  while (!stopped) {
    house.clock.skip(200);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  await stopping;
  const all = await ending;
  assertEquals(namesOf(all), ["error"]);
  assertEquals(JSON.stringify(all).includes("draining"), true);
  await using next = await another(talk);
  const history = await next.ann.history(session);
  assertEquals(history.map((one) => one["content"]), ["go", "one"]);
  talk.upstream.answer = say("on");
  const turn = await next.ann.turn({ message: "again", session_id: session });
  assertEquals([turn["response"], ann.id], ["on", next.ann.id]);
});
