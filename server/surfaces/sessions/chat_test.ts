import { assertEquals } from "@std/assert";
import { LOCAL_USER } from "../../accounts/mod.ts";
import { RefusedError } from "../../conversations/mod.ts";
import { settle } from "../../effects/fake_clock.ts";
import { GatehouseError } from "../../errors/mod.ts";
import { sessionOf, USAGE } from "./conversations_fixture.ts";
import { Sessions, told, whoIs } from "./sessions_fixture.ts";

const HI = { session_id: "S1", message: "hi" };

function surfaceWithSession(): Sessions {
  const surface = new Sessions();
  surface.conversations.sessions.push(sessionOf("local", "S1"));
  return surface;
}

Deno.test("POST /chat answers with the whole reply once its turn has ended", async () => {
  const surface = surfaceWithSession();
  let answered = false;
  const asked = surface.post("/chat", HI).finally(() => answered = true);
  await settle();
  const [turn] = surface.conversations.begun;
  turn?.say("Hel");
  turn?.say("lo");
  await settle();
  assertEquals(answered, false);
  turn?.done();
  const response = await asked;
  assertEquals(response.status, 200);
  assertEquals(await response.json(), { session_id: "S1", message_id: "REPLY0", response: "Hello", usage: USAGE });
});

Deno.test("POST /chat carries what crosses from the upstream, and what is left of our own limits wins", async () => {
  const surface = surfaceWithSession();
  surface.conversations.play = (turn) => {
    turn.upstreamHeaders = { "openai-processing-ms": "5", "x-ratelimit-remaining-requests": "1" };
    turn.done();
  };
  const { headers } = await surface.post("/chat", HI);
  assertEquals(Object.fromEntries(headers), {
    "cache-control": "no-store",
    "content-type": "application/json",
    "openai-processing-ms": "5",
    "x-ratelimit-remaining-requests": "9",
  });
});

Deno.test("no answer of POST /chat is kept by a cache, its refusals neither", async () => {
  const surface = surfaceWithSession();
  const { begun } = surface.conversations;
  const bodies: readonly unknown[] = [HI, {}, { ...HI, session_id: "S2" }];
  const body = new TextEncoder().encode("{}");
  const refusal = new RefusedError({ kind: "refused", status: 400, headers: {}, body }, "u");
  for (const failure of [null, new GatehouseError("upstream_timeout", "Late"), refusal]) {
    surface.conversations.play = (turn) => failure === null ? turn.done() : turn.fail(failure);
    for (const body of bodies) {
      const response = await surface.post("/chat", body);
      assertEquals(response.headers.get("cache-control"), "no-store", `${response.status}`);
    }
  }
  const refused = await surface.post("/chat", HI, whoIs("nobody", "nobody"));
  assertEquals([refused.status, refused.headers.get("cache-control"), begun.length], [401, "no-store", 3]);
});

Deno.test("POST /chat begins a turn that ends with its client", async () => {
  const surface = surfaceWithSession();
  const left = new AbortController();
  const asked = surface.post("/chat", HI, LOCAL_USER, left.signal);
  await settle();
  const [turn] = surface.conversations.begun;
  const { who, sessionId, content, grace, startedAt, headers } = turn?.request ?? {};
  assertEquals({ who, sessionId, content, grace, startedAt }, {
    who: LOCAL_USER,
    sessionId: "S1",
    content: "hi",
    grace: null,
    startedAt: 1234,
  });
  assertEquals(headers?.some(([name, value]) => name === "user-agent" && value === "test/1"), true);
  assertEquals(turn?.request.signal.aborted, false);
  left.abort();
  await asked;
  assertEquals(turn?.request.signal.aborted, true);
  assertEquals(surface.exchange?.told, true);
});

Deno.test("POST /chat answers with what a stopped reply says so far", async () => {
  const surface = surfaceWithSession();
  surface.conversations.play = (turn) => {
    turn.say("Hal");
    turn.stop();
  };
  const { response, message_id } = await (await surface.post("/chat", HI)).json();
  assertEquals([response, message_id], ["Hal", "REPLY0"]);
});

Deno.test("POST /chat answers with the failure of its turn", async () => {
  const surface = surfaceWithSession();
  const failures = [
    new GatehouseError("upstream_truncated", "Cannot go on: cut"),
    new GatehouseError("upstream_timeout", "Cannot go on: slow"),
    new Error("whatever"),
  ];
  const statuses: string[] = [];
  for (const failure of failures) {
    surface.conversations.play = (turn) => turn.fail(failure);
    statuses.push(await told(await surface.post("/chat", HI)));
  }
  assertEquals(statuses, ["502 upstream_truncated", "504 upstream_timeout", "500 internal_error"]);
  surface.conversations.refusal = new GatehouseError("session_busy", "Cannot begin: busy");
  assertEquals(await told(await surface.post("/chat", HI)), "409 session_busy");
});

Deno.test("POST /chat passes a refusal of the upstream on as it came", async () => {
  const surface = surfaceWithSession();
  const body = new TextEncoder().encode('{"error":{"message":"slow down"}}');
  const headers = { "content-type": "application/json", "retry-after": "7" };
  const refusal = new RefusedError({ kind: "refused", status: 429, headers, body }, "u");
  surface.conversations.play = (turn) => turn.fail(refusal);
  const response = await surface.post("/chat", HI);
  assertEquals([response.status, response.headers.get("retry-after")], [429, "7"]);
  assertEquals(await response.text(), '{"error":{"message":"slow down"}}');
});

Deno.test("POST /chat refuses wrong bodies, and sessions that are not the caller's", async () => {
  const surface = surfaceWithSession();
  const cases: readonly (readonly [body: unknown, told: string])[] = [
    [{ session_id: "S1" }, "422 invalid_field message"],
    [{ session_id: "S1", message: "" }, "422 invalid_field message"],
    [{ session_id: "S1", message: " \n" }, "422 invalid_field message"],
    [{ session_id: "S1", message: ["hi"] }, "422 invalid_field message"],
    [{ session_id: "S1", message: null }, "422 invalid_field message"],
    [{ message: "hi" }, "422 invalid_field session_id"],
    [{ session_id: null, message: "hi" }, "422 invalid_field session_id"],
    [{ ...HI, stream: true }, "422 invalid_field stream"],
    [{ ...HI, session_id: "S2" }, "404 not_found"],
    [{ ...HI, session_id: "a/b" }, "404 not_found"],
  ];
  for (const [body, expected] of cases) {
    assertEquals(await told(await surface.post("/chat", body)), expected, JSON.stringify(body));
  }
  assertEquals(await told(await surface.post("/chat", HI, whoIs("bob"))), "404 not_found");
  assertEquals(surface.conversations.begun.length, 0);
});
