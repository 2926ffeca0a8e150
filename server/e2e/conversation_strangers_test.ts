import { assert, assertEquals } from "@std/assert";
import { getTokens } from "./api.ts";
import { assertGoesOn, beginByHand } from "./conversation_by_hand.ts";
import { Conversing } from "./conversation_client.ts";
import { ConversationModel } from "./conversation_upstream.ts";
import { Install } from "./install.ts";

const PASSWORD = "the password of each of them";

Deno.test("somebody else's session is not there, for administrators neither, and nothing happens to it", async () => {
  await using model = new ConversationModel();
  await using install = await Install.make(model.environment());
  for (const name of ["ann", "bob"]) await install.command(["user", "add", name, "--password-stdin"], `${PASSWORD}\n`);
  await using gates = await install.start(2);
  const { url } = gates.at(0);
  const login = async (username: string) => {
    const { access_token } = await getTokens(url, { username, password: PASSWORD });
    return new Conversing(url, access_token);
  };
  const ann = await login("ann");
  const { stream, asked, sessionId, messageId, replyId } = await beginByHand(ann, model, "private");
  asked.say("between ", "us");
  await stream.take(2);

  const bob = await login("bob");
  const admin = await install.admin(gates.at(0));
  const session = `/conversation/session/${sessionId}`;
  const tries: readonly (readonly [method: string, path: string, body?: object])[] = [
    ["GET", session],
    ["PATCH", session, { name: "mine" }],
    ["DELETE", session],
    ["GET", `${session}/history`],
    ["GET", `${session}/stream`],
    ["POST", `${session}/stop`],
    ["GET", `${session}/export?format=md`],
    ["GET", `${session}/export?format=json`],
    ["POST", "/conversation", { message: "hello", session_id: sessionId }],
    ["POST", "/conversation", { message: "hello", session_id: sessionId, stream: false, replace_from: messageId }],
    ["POST", "/set-llm", { session_id: sessionId, system_prompt: "betray" }],
    ["POST", "/chat", { session_id: sessionId, message: "hello" }],
    ["POST", "/ws-ticket", { session_id: sessionId }],
  ];
  for (const gate of gates.all) {
    for (const stranger of [bob.credential, admin.credential]) {
      const client = new Conversing(gate.url, stranger);
      for (const [method, path, body] of tries) {
        const answer = await client.api.ask(method, path, body);
        const said = await answer.text();
        assertEquals([answer.status, JSON.parse(said).error.code], [404, "not_found"], `${method} ${path}`);
        assert(!said.includes("between"), said);
      }
      assertEquals(await statusOfJoin(client, sessionId, stream.lastId), 404);
      assertEquals(await statusOfUpgrade(gate.url, sessionId, stranger), 404);
      assertEquals(await client.sessions(), []);
    }
    assertEquals(await statusOfJoin(new Conversing(gate.url), sessionId, null), 401);
    assertEquals(await statusOfUpgrade(gate.url, sessionId, null), 401);
  }

  asked.say(" two");
  asked.finish();
  assertGoesOn(await stream.rest(), replyId, 3);
  const history = await ann.history(sessionId);
  assertEquals(history.map(({ content }) => content), ["private", "between us two"]);
  assertEquals((await ann.sessions()).map(({ name }) => name), ["private"]);

  // On the other process: what she runs here is stopped all the same, and nothing of hers stays.
  const last = await beginByHand(ann, model, "the last words of a user");
  last.asked.say("half");
  const { user_id } = await ann.api.json<{ user_id: string }>("GET", "/users/me");
  await new Conversing(gates.at(1).url, admin.credential).api.json("DELETE", `/users/${user_id}`, undefined, 204);
  await last.asked.ended;
  assertEquals(last.asked.state, "aborted");
  await last.stream.rest();
  await gates.stop();
});

async function statusOfJoin(client: Conversing, sessionId: string, last: string | null): Promise<number> {
  const { status, body } = await client.join(sessionId, last);
  await body?.cancel();
  return status;
}

/** The status that an upgrade is answered with: a `WebSocket` does not tell it. */
async function statusOfUpgrade(gate: string, sessionId: string, credential: string | null): Promise<number> {
  const { hostname, port, host } = new URL(gate);
  using connection = await Deno.connect({ hostname, port: Number(port) });
  const head = [
    `GET /ws/${sessionId} HTTP/1.1`,
    `host: ${host}`,
    "connection: upgrade",
    "upgrade: websocket",
    "sec-websocket-version: 13",
    "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==",
    ...(credential === null ? [] : [`authorization: Bearer ${credential}`]),
  ];
  await connection.write(new TextEncoder().encode(`${head.join("\r\n")}\r\n\r\n`));
  const bytes = new Uint8Array(1024);
  const length = await connection.read(bytes);
  return Number(/^HTTP\/1\.1 (\d{3}) /.exec(new TextDecoder().decode(bytes.subarray(0, length ?? 0)))?.[1]);
}
