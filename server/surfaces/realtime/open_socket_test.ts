import { assertEquals } from "@std/assert";
import type { Who } from "../../accounts/mod.ts";
import { LOCAL_USER } from "../../accounts/mod.ts";
import { sessionOf, USAGE } from "../sessions/conversations_fixture.ts";
import { type Realtime, realtimeFixture } from "./realtime_fixture.ts";

/** A turn that answers at once with what it was told. */
function echo({ conversations }: Realtime): void {
  conversations.play = (turn) => {
    turn.say(`${turn.request.content}`);
    turn.done();
  };
}

const done = (id: string) => ({ done: true, message_id: id, usage: USAGE });

/** A ticket for a session, in the name of a login. */
async function ticketFor({ accounts: { tickets } }: Realtime, who: Who, sessionId: string): Promise<string> {
  return (await tickets.issue(who, sessionId)).reveal();
}

function whoIs(userId: string, keyId: string | null = null): Who {
  return { ...LOCAL_USER, userId, role: "user", via: keyId === null ? "token" : "api_key", keyId };
}

Deno.test("GET /ws/{id} opens a session to its owner by login, key, subprotocol and ticket", async () => {
  await using realtime = await realtimeFixture();
  const { user, token } = await realtime.login("ada");
  const { secret } = await realtime.accounts.keys.create({ userId: user.id, name: "k" });
  realtime.conversations.sessions.push(sessionOf(user.id, "S1"));
  const shown: readonly Readonly<Record<string, string>>[] = [
    { authorization: `Bearer ${token.reveal()}` },
    { authorization: `Bearer ${secret.reveal()}` },
    { "x-api-key": secret.reveal() },
    { "sec-websocket-protocol": `bearer, ${token.reveal()}` },
    { cookie: `gatehouse=${token.reveal()}`, origin: `http://${realtime.url.host}` },
  ];
  for (const headers of shown) assertEquals(await realtime.knock("/ws/S1", headers), "101", Object.keys(headers)[0]);
  const ticket = await ticketFor(realtime, whoIs(user.id), "S1");
  assertEquals(await realtime.knock(`/ws/S1?ticket=${ticket}`), "101");
});

Deno.test("GET /ws/{id} is refused before any upgrade to everybody else", async () => {
  await using realtime = await realtimeFixture();
  const ada = await realtime.login("ada");
  const bob = await realtime.login("bob");
  realtime.conversations.sessions.push(sessionOf(ada.user.id, "S1"), sessionOf(bob.user.id, "S2"));
  const by = (login: typeof ada) => ({ authorization: `Bearer ${login.token.reveal()}` });
  const ticket = (userId: string, sessionId: string) => ticketFor(realtime, whoIs(userId), sessionId);

  assertEquals(await realtime.knock("/ws/S1"), "401 credential_required");
  assertEquals(await realtime.knock("/ws/S1", by(bob)), "404 not_found");
  assertEquals(await realtime.knock("/ws/S3", by(ada)), "404 not_found");
  assertEquals(await realtime.knock(`/ws/${"S".repeat(27)}`, by(ada)), "404 not_found");
  assertEquals(await realtime.knock("/ws/S%201", by(ada)), "404 not_found");
  assertEquals(await realtime.knock("/ws/S1", { authorization: "Bearer gh_none" }), "401 invalid_api_key");
  assertEquals(
    await realtime.knock("/ws/S1", { cookie: `gatehouse=${ada.token.reveal()}`, origin: "http://evil.example" }),
    "403 origin_not_allowed",
  );
  // For another session of one's own, for somebody else's, unknown, and for a session that is none.
  assertEquals(await realtime.knock(`/ws/S1?ticket=${await ticket(ada.user.id, "S9")}`), "401 invalid_ticket");
  assertEquals(await realtime.knock(`/ws/S2?ticket=${await ticket(ada.user.id, "S1")}`), "401 invalid_ticket");
  assertEquals(await realtime.knock(`/ws/S2?ticket=${await ticket(ada.user.id, "S2")}`), "404 not_found");
  assertEquals(await realtime.knock("/ws/S1?ticket=ght_none"), "401 invalid_ticket");
  assertEquals(realtime.sockets.open, 0);
});

Deno.test("GET /ws/{id} takes a ticket once, within half a minute", async () => {
  await using realtime = await realtimeFixture();
  const { user } = await realtime.login("ada");
  realtime.conversations.sessions.push(sessionOf(user.id, "S1"));
  const spent = await ticketFor(realtime, whoIs(user.id), "S1");
  const old = await ticketFor(realtime, whoIs(user.id), "S1");
  const answers = await Promise.all([1, 2, 3].map(() => realtime.knock(`/ws/S1?ticket=${spent}`)));
  assertEquals(answers.sort(), ["101", "401 invalid_ticket", "401 invalid_ticket"]);
  await realtime.clock.advance(30_000);
  assertEquals(await realtime.knock(`/ws/S1?ticket=${old}`), "401 invalid_ticket");
});

Deno.test("GET /ws/{id} asks for an upgrade", async () => {
  await using realtime = await realtimeFixture("auto");
  realtime.conversations.sessions.push(sessionOf("local", "S1"));
  assertEquals(await realtime.knock("/ws/S1", { upgrade: "h2c" }), "426 upgrade_required");
  assertEquals(await realtime.knock("/ws/S1"), "101");
  assertEquals(await realtime.knock("/ws/S1", { origin: "http://evil.example" }), "403 origin_not_allowed");
});

Deno.test("GET /ws/{id} speaks text in a session of text, also with a dummy key in open mode", async () => {
  await using realtime = await realtimeFixture("auto");
  realtime.conversations.sessions.push(sessionOf("local", "S1"));
  echo(realtime);
  const client = await realtime.open("/ws/S1", ["bearer", "dummy"]);
  assertEquals(client.protocol, "bearer");
  for (const [n, said] of ["hi", '{"jsonrpc":"2.0"}', "é😀".repeat(10_000)].entries()) {
    client.say(said);
    assertEquals(await client.next(), { chunk: said });
    assertEquals(await client.next(), done(`REPLY${n}`));
  }
  await client.leave();
});

Deno.test("GET /ws/{id} speaks JSON-RPC in a session that was made for it", async () => {
  await using realtime = await realtimeFixture("auto");
  realtime.conversations.sessions.push(sessionOf("local", "S1", { protocol: "rpc" }));
  const client = await realtime.open("/ws/S1");
  client.say("not JSON");
  const { jsonrpc, error } = await client.next() as Record<string, { readonly code: number }>; // JSON-RPC 2.0 §5.1
  assertEquals([jsonrpc as unknown, error?.code], ["2.0", -32700]);
  await client.leave();
});

Deno.test("GET /ws/{id} ends where the key that opened it is revoked, by ticket too", async () => {
  await using realtime = await realtimeFixture();
  const { user } = await realtime.login("ada");
  const { key, secret } = await realtime.accounts.keys.create({ userId: user.id, name: "k" });
  realtime.conversations.sessions.push(sessionOf(user.id, "S1"));
  echo(realtime);
  const client = await realtime.open("/ws/S1", ["bearer", secret.reveal()]);
  client.say("hi");
  assertEquals([await client.next(), await client.next()], [{ chunk: "hi" }, done("REPLY0")]);
  const { who } = realtime.conversations.begun[0]?.request ?? {};
  assertEquals([who?.userId, who?.via, who?.keyId], [user.id, "api_key", key.id]);
  if (who === undefined) throw new Error("no turn was begun");
  const byTicket = await realtime.open(`/ws/S1?ticket=${await ticketFor(realtime, who, "S1")}`);
  await realtime.accounts.keys.revoke(key.id);
  await realtime.clock.advance(1_000);
  for (const one of [client, byTicket]) {
    one.say("hi");
    assertEquals(codeOf(await one.next()), "invalid_api_key");
    assertEquals(await one.closed, 1008);
  }
  assertEquals(realtime.conversations.begun.length, 1);
});

Deno.test("GET /ws/{id} ends with the login that opened it, by ticket too", async () => {
  await using realtime = await realtimeFixture();
  const { accounts: { tokens, users }, clock, conversations } = realtime;
  const { user, token } = await realtime.login("ada");
  conversations.sessions.push(sessionOf(user.id, "S1"));
  echo(realtime);
  const byToken = await realtime.open("/ws/S1", ["bearer", token.reveal()]);
  byToken.say("hi");
  assertEquals([await byToken.next(), await byToken.next()], [{ chunk: "hi" }, done("REPLY0")]);
  const { who } = conversations.begun[0]?.request ?? {};
  if (who === undefined) throw new Error("no turn was begun");
  const byTicket = await realtime.open(`/ws/S1?ticket=${await ticketFor(realtime, who, "S1")}`);
  byTicket.say("hi");
  assertEquals([await byTicket.next(), await byTicket.next()], [{ chunk: "hi" }, done("REPLY1")]);
  await tokens.revoke(token);
  await clock.advance(1_000);
  for (const client of [byToken, byTicket]) {
    client.say("hi");
    assertEquals(codeOf(await client.next()), "invalid_token");
    assertEquals(await client.closed, 1008);
  }
  const again = await tokens.issue(user);
  const client = await realtime.open("/ws/S1", ["bearer", again.accessToken.reveal()]);
  await users.change(user.id, { disabled: true });
  await clock.advance(1_000);
  client.say("hi");
  assertEquals(codeOf(await client.next()), "invalid_token");
  assertEquals(await client.closed, 1008);
});

Deno.test("GET /ws/{id} outlives the access token of a login that goes on", async () => {
  await using realtime = await realtimeFixture();
  const { user, token } = await realtime.login("ada");
  realtime.conversations.sessions.push(sessionOf(user.id, "S1"));
  echo(realtime);
  const client = await realtime.open("/ws/S1", ["bearer", token.reveal()]);
  await realtime.clock.advance(31 * 60_000);
  client.say("hi");
  assertEquals([await client.next(), await client.next()], [{ chunk: "hi" }, done("REPLY0")]);
  await client.leave();
});

Deno.test("GET /ws/{id} closes a session that was deleted, and cancels the turn of a client that leaves", async () => {
  await using realtime = await realtimeFixture("auto");
  const { conversations } = realtime;
  conversations.sessions.push(sessionOf("local", "S1"));
  const client = await realtime.open("/ws/S1", []);
  client.say("hi");
  while (conversations.begun.length === 0) await realtime.clock.advance(0);
  await client.leave();
  const { message } = await conversations.begun[0]?.ended ?? {};
  assertEquals(message?.status, "stopped");

  const other = await realtime.open("/ws/S1", []);
  conversations.sessions.length = 0;
  other.say("hi");
  assertEquals(codeOf(await other.next()), "not_found");
  assertEquals(await other.closed, 1008);
});

Deno.test("GET /ws/{id} closes at a drain once its reply is sent", async () => {
  await using realtime = await realtimeFixture("auto");
  const { conversations, sockets } = realtime;
  conversations.sessions.push(sessionOf("local", "S1"));
  const [idle, busy] = [await realtime.open("/ws/S1"), await realtime.open("/ws/S1")];
  busy.say("hi");
  while (conversations.begun.length === 0) await realtime.clock.advance(0);
  sockets.drain();
  assertEquals(await idle.closed, 1001);
  conversations.begun[0]?.say("bye");
  conversations.begun[0]?.done();
  assertEquals([await busy.next(), await busy.next()], [{ chunk: "bye" }, done("REPLY0")]);
  assertEquals(await busy.closed, 1001);
  await sockets.idle();
});

function codeOf(frame: unknown): string {
  return (frame as { readonly error: { readonly code: string } }).error.code; // an error frame, or the test fails here
}
