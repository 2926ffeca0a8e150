import { assertEquals, assertLessOrEqual, assertRejects } from "@std/assert";
import { Api, getTokens } from "./api.ts";
import { Install } from "./install.ts";
import { isSoak } from "./realtime_counts.ts";
import {
  addPerson,
  byHeader,
  byProtocol,
  byTicket,
  PASSWORD,
  type Person,
  rpcSession,
  textSession,
} from "./realtime_install.ts";
import { RpcClient } from "./realtime_rpc.ts";
import { ToldUpstream } from "./realtime_upstream.ts";
import { type Opening, Wire } from "./realtime_wire.ts";
import { report } from "./report.ts";
import { eventually, pause } from "./wait.ts";

/** What was taken away is refused so soon after the answer. */
const REFUSED_WITHIN_MS = 1_000;
/** Access tokens that live for two seconds: the least that leaves time for a login. */
const EXPIRE = { ACCESS_TOKEN_EXPIRE_MINUTES: "0.0334" };
const TICKET_SECONDS = 30;

/** How a handshake is answered: its status, and the code of the refusal. */
async function knock(opening: Opening): Promise<string> {
  try {
    await using _wire = await Wire.ofNpm(opening);
    return "101";
  } catch (error) {
    if (error instanceof Error && error.message.startsWith("refused: ")) return error.message.slice(9);
    throw error;
  }
}

Deno.test("a session opens to its owner alone, and by a ticket once", async (t) => {
  await using upstream = new ToldUpstream();
  await using install = await Install.make(upstream.environment());
  await using gates = await install.start(1);
  const gate = gates.at(0);
  const admin = await install.admin(gate);
  const ada = await addPerson(gate, admin, "ada");
  const bob = await addPerson(gate, admin, "bob");
  const nobody = new Api(gate.url, null);
  const sessions = [await textSession(ada.login), await rpcSession(ada.api)];
  const [session = "", other = ""] = sessions;

  await t.step("somebody else, an administrator, nobody", async () => {
    for (const session of sessions) {
      assertEquals(await knock(byHeader(ada.api, session)), "101");
      for (const api of [bob.api, bob.login, admin]) {
        assertEquals(await knock(byHeader(api, session)), "404 not_found");
        assertEquals(await knock(byProtocol(api, session)), "404 not_found");
        const refused = await api.ask("POST", "/ws-ticket", { session_id: session });
        assertEquals([refused.status, (await refused.json()).error.code], [404, "not_found"]);
      }
      assertEquals(await knock({ url: gate.url, path: `/ws/${session}` }), "401 credential_required");
      assertEquals(await knock(byHeader(new Api(gate.url, `${ada.key}x`), session)), "401 invalid_api_key");
      const unheard = await nobody.ask("POST", "/ws-ticket", { session_id: session });
      assertEquals([unheard.status, (await unheard.json()).error.code], [401, "credential_required"]);
      await assertRejects(() => Wire.ofPage(byProtocol(bob.api, session)), Error, "refused");
    }
  });

  await t.step("a ticket opens once, though many show it at once", async () => {
    const opening = await byTicket(ada.login, session);
    const answers = await Promise.all(Array.from({ length: 8 }, () => knock(opening)));
    assertEquals(answers.sort(), ["101", ...Array(7).fill("401 invalid_ticket")]);
  });

  await t.step("a ticket for another session opens none, and is spent", async () => {
    const opening = await byTicket(ada.api, session);
    assertEquals(await knock({ ...opening, path: opening.path.replace(session, other) }), "401 invalid_ticket");
    assertEquals(await knock(opening), "401 invalid_ticket");
  });

  await t.step("a ticket that is none", async () => {
    for (const ticket of ["", "ght_none", `ght_${"A".repeat(43)}`, ada.key, ada.tokens.access_token]) {
      const answer = await knock({ url: gate.url, path: `/ws/${session}?ticket=${ticket}` });
      assertEquals(answer.slice(0, 3), "401", ticket);
    }
  });

  if (isSoak) {
    await t.step("a ticket that is too old", async () => {
      const opening = await byTicket(ada.api, session);
      await pause((TICKET_SECONDS + 1) * 1_000);
      assertEquals(await knock(opening), "401 invalid_ticket");
    });
  }
  await gates.stop();
});

/** One way in which somebody who is connected loses access. */
interface Way {
  readonly name: string;
  /** What the connection was opened by. */
  readonly by: "key" | "login";
  readonly code: "invalid_api_key" | "invalid_token";
  take(person: Person, admin: Api): Promise<unknown>;
}

const WAYS: readonly Way[] = [
  {
    name: "a key is revoked",
    by: "key",
    code: "invalid_api_key",
    take: ({ keyId }, admin) => admin.json("DELETE", `/keys/${keyId}`, undefined, 204),
  },
  {
    name: "a key revokes itself",
    by: "key",
    code: "invalid_api_key",
    take: ({ api }) => api.json("DELETE", "/keys/current", undefined, 204),
  },
  {
    name: "the user of a key is disabled",
    by: "key",
    code: "invalid_api_key",
    take: ({ userId }, admin) => admin.json("PATCH", `/users/${userId}`, { disabled: true }),
  },
  {
    name: "a login is revoked",
    by: "login",
    code: "invalid_token",
    take: async ({ tokens: { refresh_token: token }, login: { url } }) => {
      const answer = await fetch(`${url}/revoke`, { method: "POST", body: new URLSearchParams({ token }) });
      assertEquals(answer.status, 200, await answer.text());
    },
  },
  {
    name: "a user has a new password",
    by: "login",
    code: "invalid_token",
    take: ({ login }) => {
      const body = { current_password: PASSWORD, new_password: "a user's second password" };
      return login.json("POST", "/users/me/password", body, 204);
    },
  },
];

Deno.test("whoever loses access in the middle of a connection is refused with the next word, and shown out", async (t) => {
  await using upstream = new ToldUpstream();
  await using install = await Install.make(upstream.environment());
  await using gates = await install.start(1);
  const gate = gates.at(0);
  const admin = await install.admin(gate);
  for (const [n, { name, by, code, take }] of WAYS.entries()) {
    await t.step(name, async () => {
      const person = await addPerson(gate, admin, `person-${n}`);
      const api = by === "key" ? person.api : person.login;
      await using wire = await Wire.ofNpm(byHeader(api, await textSession(api)));
      await using rpc = new RpcClient(await Wire.ofPage(byProtocol(api, await rpcSession(api))));
      assertEquals((await wire.converse("now")).last.done, true);
      assertEquals((await rpc.ended(await rpc.generate({ message: "now" }))).status_message, "complete");
      const waiting = await byTicket(api, await textSession(api));
      await take(person, admin);
      const takenAt = performance.now();

      const refusals = await Promise.all([saidNo(wire), rpcSaidNo(rpc)]);
      assertEquals(refusals, [code, `-32004 ${code}`]);
      const late = performance.now() - takenAt;
      assertEquals([(await wire.closed).code, (await rpc.wire.closed).code], [1008, 1008]);
      assertEquals(await knock(waiting), "401 invalid_ticket");
      report(`${name}: refused on both WebSockets ${late.toFixed(0)} ms later`);
      assertLessOrEqual(late, REFUSED_WITHIN_MS);
    });
  }
  await gates.stop();
});

/** Goes on speaking until that is refused. @returns the code */
async function saidNo(wire: Wire): Promise<string> {
  return await eventually(async () => (await wire.converse("now")).last.error?.code, "a refusal");
}

async function rpcSaidNo(rpc: RpcClient): Promise<string> {
  return await eventually(async () => {
    const answer = rpc.generate({ message: "now" });
    return await answer.then(
      async (task) => void await rpc.ended(task),
      ({ code, data }) => `${code} ${data.code}`,
    );
  }, "a refusal");
}

Deno.test("a connection outlives the access token that opened it, and not the login", async () => {
  await using upstream = new ToldUpstream();
  await using install = await Install.make({ ...upstream.environment(), ...EXPIRE });
  await using gates = await install.start(1);
  const gate = gates.at(0);
  await addPerson(gate, await install.admin(gate), "ada");
  const { access_token, refresh_token } = await getTokens(gate.url, { username: "ada", password: PASSWORD });
  const api = new Api(gate.url, access_token);
  const session = await textSession(api);
  await using wire = await Wire.ofNpm(byHeader(api, session));
  const ticket = await byTicket(api, session);
  const late = await byTicket(api, session);
  await eventually(async () => {
    const answer = await knock(byHeader(api, session));
    if (answer === "101") return undefined;
    assertEquals(answer, "401 invalid_token");
    return true;
  }, "the end of the access token");
  await assertRejects(() => Wire.ofPage(byProtocol(api, session)), Error, "refused");
  assertEquals((await wire.converse("now")).last.done, true);
  // What was made by a token that has expired is its login's.
  assertEquals(await knock(ticket), "101");

  const answer = await fetch(`${gate.url}/revoke`, {
    method: "POST",
    body: new URLSearchParams({ token: refresh_token }),
  });
  assertEquals(answer.status, 200, await answer.text());
  assertEquals(await saidNo(wire), "invalid_token");
  assertEquals((await wire.closed).code, 1008);
  assertEquals(await knock(late), "401 invalid_ticket");
  await gates.stop();
});
