import { assertEquals, assertStringIncludes } from "@std/assert";
import { LOCAL_USER } from "../../accounts/mod.ts";
import { sessionOf } from "./conversations_fixture.ts";
import { Sessions, told, whoIs } from "./sessions_fixture.ts";

const ALL = { model_name: "m2", temperature: 0.5, max_tokens: 100, top_p: 0.9, system_prompt: "Be brief." };

Deno.test("POST /set-llm makes a session of text with the settings that were given", async () => {
  const surface = new Sessions();
  for (const body of [ALL, {}, { ...ALL, session_id: null }, { model_name: "default", top_p: null }]) {
    const response = await surface.post("/set-llm", body);
    assertEquals(response.status, 201);
    assertEquals(await response.json(), { session_id: `NEW${surface.conversations.created.length}` });
  }
  const settings = { model: "m2", temperature: 0.5, maxTokens: 100, topP: 0.9, systemPrompt: "Be brief." };
  assertEquals(surface.conversations.created, [
    { protocol: "text", settings },
    { protocol: "text", settings: {} },
    { protocol: "text", settings },
    { protocol: "text", settings: { model: "default", topP: null } },
  ]);
  assertEquals(surface.conversations.sessions.map(({ userId }) => userId), Array(4).fill(LOCAL_USER.userId));
});

Deno.test("POST /set-llm without a body makes a session that follows the defaults", async () => {
  const surface = new Sessions();
  for (const body of [null, ""]) assertEquals(await told(await surface.post("/set-llm", body)), "201");
  assertEquals(surface.conversations.created, Array(2).fill({ protocol: "text", settings: {} }));
});

Deno.test("POST /set-llm changes what is given of a session, and null sets it back", async () => {
  const surface = new Sessions();
  surface.conversations.sessions.push(sessionOf("ada", "S1"));
  const ada = whoIs("ada", "api_key");
  const response = await surface.post("/set-llm", { session_id: "S1", temperature: 0, max_tokens: null }, ada);
  assertEquals([response.status, await response.json()], [200, { session_id: "S1" }]);
  assertEquals(surface.conversations.changes, [{ settings: { temperature: 0, maxTokens: null } }]);
  assertEquals(surface.conversations.created, []);
});

Deno.test("POST /set-llm finds no session of another user, and none by an id that is none", async () => {
  const surface = new Sessions();
  surface.conversations.sessions.push(sessionOf("ada", "S1"));
  for (const session_id of ["S1", "S2", "", "../S1", "S1\u0000", "S".repeat(27)]) {
    assertEquals(await told(await surface.post("/set-llm", { session_id }, whoIs("bob"))), "404 not_found", session_id);
  }
  assertEquals([surface.conversations.changes, surface.conversations.created], [[], []]);
});

Deno.test("POST /set-llm refuses what cannot be set, and names the field", async () => {
  const surface = new Sessions();
  const cases: readonly (readonly [body: unknown, told: string])[] = [
    [{ temperature: 2.1 }, "422 invalid_field temperature"],
    [{ temperature: -0.1 }, "422 invalid_field temperature"],
    [{ temperature: "1" }, "422 invalid_field temperature"],
    [{ max_tokens: 0 }, "422 invalid_field max_tokens"],
    [{ max_tokens: 1.5 }, "422 invalid_field max_tokens"],
    [{ top_p: 1.01 }, "422 invalid_field top_p"],
    [{ model_name: "" }, "422 invalid_field model_name"],
    [{ model_name: 5 }, "422 invalid_field model_name"],
    [{ system_prompt: "é".repeat(16 * 1024) + "e" }, "422 invalid_field system_prompt"],
    [{ session_id: 5 }, "422 invalid_field session_id"],
    [{ model: "m1" }, "422 invalid_field model"],
    ["[]", "400 invalid_json"],
    [" ", "400 invalid_json"],
  ];
  for (const [body, expected] of cases) {
    assertEquals(await told(await surface.post("/set-llm", body)), expected, JSON.stringify(body).slice(0, 60));
  }
  assertEquals(surface.conversations.created, []);
  const bounds = { temperature: 2, top_p: 0, max_tokens: 1, system_prompt: "é".repeat(16 * 1024) };
  assertEquals(await told(await surface.post("/set-llm", bounds)), "201");
  const tooLong = await surface.post("/set-llm", { system_prompt: "x".repeat(32 * 1024 + 1) });
  const { detail } = await tooLong.json();
  assertStringIncludes(detail, "`system_prompt` is wrong: expected at most 32768 bytes");
});

Deno.test("sessions are open to logins and keys alone", async () => {
  const surface = new Sessions();
  for (const path of ["/set-llm", "/chat", "/create_session", "/ws-ticket"]) {
    for (const via of ["ticket", "metrics_token"] as const) {
      assertEquals(await told(await surface.post(path, {}, whoIs("ada", via))), "403 login_required", path);
    }
    assertEquals(await told(await surface.post(path, {}, whoIs("nobody", "nobody"))), "401 credential_required", path);
  }
});
