import { assert, assertEquals } from "@std/assert";
import { NO_SETTINGS } from "../../conversations/mod.ts";
import { ANN, conversationFixture, messageOf, NOON, replyOf, sessionOf, told } from "./conversation_fixture.ts";

const NOON_TEXT = new Date(NOON).toISOString();

Deno.test("a session is shown with what is set of its settings, and the model that is set before the one that answered", async () => {
  const { rooms, ask } = conversationFixture();
  const settings = { ...NO_SETTINGS, temperature: 0, systemPrompt: "" };
  rooms.add(sessionOf({ name: "Tea", settings, lastModel: "m2", messageCount: 4, updatedAt: NOON + 1000 }));
  const response = await ask("GET /conversation/session/01SESSION");
  assertEquals([response.status, response.headers.get("cache-control")], [200, "no-store"]);
  const body = await response.json();
  assertEquals(body, {
    session_id: "01SESSION",
    thread_id: "01SESSION",
    user_id: ANN.userId,
    name: "Tea",
    model: "m2",
    settings: { temperature: 0, system_prompt: "" },
    message_count: 4,
    created_at: NOON_TEXT,
    updated_at: "2026-01-01T12:00:01.000Z",
  });
  const all = { model: "m1", temperature: 1, max_tokens: 5, top_p: 1, system_prompt: "Be brief." };
  const changed = await (await ask("PATCH /conversation/session/01SESSION", { json: { settings: all } })).json();
  assertEquals([changed.settings, changed.model], [all, "m1"]);
});

Deno.test("a session is made with a name, with none, and without a body", async () => {
  const { ask } = conversationFixture();
  for (const [asked, name] of [[{ json: { name: "  Tea " } }, "Tea"], [{ json: {} }, null], [{}, null]] as const) {
    const response = await ask("POST /conversation/session", asked);
    assertEquals([response.status, (await response.json()).name], [201, name]);
  }
});

Deno.test("PATCH keeps what is absent, and sets back what is null", async () => {
  const { rooms, ask } = conversationFixture();
  rooms.add(sessionOf({ name: "Tea" }));
  const changes = [{}, { name: null, settings: { model: "m2", max_tokens: null } }, { settings: {} }];
  for (const json of changes) assertEquals((await ask("PATCH /conversation/session/01SESSION", { json })).status, 200);
  assertEquals(rooms.asked, [{}, { name: null, settings: { model: "m2", maxTokens: null } }, { settings: {} }]);
});

Deno.test("a session and its settings take no other fields and no other values", async () => {
  const { rooms, ask } = conversationFixture();
  rooms.add(sessionOf());
  const wrong: readonly (readonly [unknown, string])[] = [
    [{ name: "" }, "name"],
    [{ name: "  " }, "name"],
    [{ name: "a\nb" }, "name"],
    [{ name: "x".repeat(201) }, "name"],
    [{ name: 1 }, "name"],
    [{ names: "x" }, "names"],
    [{ settings: null }, "settings"],
    [{ settings: { seed: 1 } }, "settings.seed"],
    [{ settings: { model: "" } }, "settings.model"],
    [{ settings: { temperature: 2.1 } }, "settings.temperature"],
    [{ settings: { temperature: -0.1 } }, "settings.temperature"],
    [{ settings: { max_tokens: 0 } }, "settings.max_tokens"],
    [{ settings: { max_tokens: 1.5 } }, "settings.max_tokens"],
    [{ settings: { top_p: 1.1 } }, "settings.top_p"],
    [{ settings: { system_prompt: "é".repeat(16 * 1024) + "x" } }, "settings.system_prompt"],
  ];
  for (const [json, param] of wrong) {
    assertEquals(
      await told(await ask("PATCH /conversation/session/01SESSION", { json })),
      `422 invalid_field ${param}`,
    );
  }
  assertEquals(
    await told(await ask("POST /conversation/session", { json: { settings: {} } })),
    "422 invalid_field settings",
  );
  const longest = {
    name: "x".repeat(200),
    settings: { system_prompt: "é".repeat(16 * 1024), temperature: 2, top_p: 0 },
  };
  assertEquals((await ask("PATCH /conversation/session/01SESSION", { json: longest })).status, 200);
});

Deno.test("what is somebody else's is as unknown as what there is not, and what is no id, to administrators too", async () => {
  const { rooms, ask } = conversationFixture();
  rooms.add(sessionOf({ userId: "01BOB" }));
  const asks = [
    ["GET", ""],
    ["PATCH", ""],
    ["DELETE", ""],
    ["GET", "/history"],
    ["GET", "/stream"],
    ["GET", "/export"],
    ["POST", "/stop"],
  ] as const;
  for (const [method, rest] of asks) {
    const answers = await Promise.all(["01SESSION", "01NONE", "x-y", "%2F"].map(async (id) => {
      const as = { ...ANN, role: "admin" } as const;
      const json = method === "PATCH" ? { json: {} } : {};
      const response = await ask(`${method} /conversation/session/${id}${rest}`, { as, ...json });
      return [response.status, response.headers.get("cache-control"), await response.text()];
    }));
    assertEquals(answers[0]?.slice(0, 2), [404, "no-store"], `${method} ${rest}`);
    for (const answer of answers) assertEquals(answer, answers[0], `${method} ${rest}`);
  }
  assert(rooms.sessions.has("01SESSION"));
});

Deno.test("sessions are listed for oneself alone, by page and by name", async () => {
  const { rooms, ask } = conversationFixture();
  rooms.add(sessionOf());
  for (const user of ["me", ANN.userId]) {
    const response = await ask(`GET /conversation/sessions/user/${user}?q=T%20a&limit=3&cursor=c`);
    const { data, next_cursor } = await response.json();
    assertEquals([data.length, data[0].session_id, next_cursor], [1, "01SESSION", "more"]);
  }
  await (await ask("GET /conversation/sessions/user/me?q=")).text();
  assertEquals(rooms.asked, [
    { limit: 3, cursor: "c", search: "T a" },
    { limit: 3, cursor: "c", search: "T a" },
    { limit: 50, cursor: null, search: null },
  ]);
  const admin = { ...ANN, role: "admin" } as const;
  for (const user of ["01BOB", "local", "Me", "x-y"]) {
    assertEquals(await told(await ask(`GET /conversation/sessions/user/${user}`, { as: admin })), "404 not_found");
  }
  for (const query of ["limit=0", "limit=201", "name=x", "q=a&q=b"]) {
    const param = query.split("=")[0];
    const answer = await ask(`GET /conversation/sessions/user/me?${query}`);
    assertEquals(await told(answer), `422 invalid_field ${param}`);
  }
});

Deno.test("DELETE removes a session once; stop tells what was stopped", async () => {
  const { rooms, ask } = conversationFixture();
  rooms.add(sessionOf());
  rooms.stopped = ["01REPLY"];
  assertEquals(await (await ask("POST /conversation/session/01SESSION/stop")).json(), { stopped: ["01REPLY"] });
  const gone = await ask("DELETE /conversation/session/01SESSION");
  assertEquals([gone.status, gone.body, gone.headers.get("cache-control")], [204, null, "no-store"]);
  assertEquals(await told(await ask("DELETE /conversation/session/01SESSION")), "404 not_found");
});

Deno.test("history shows replies with all that is known of them, other messages without", async () => {
  const { rooms, ask } = conversationFixture();
  const calls = [{ id: "c1", name: "look", arguments: "{}" }];
  rooms.add(sessionOf(), [
    messageOf({ content: [{ type: "text", text: "hi" }], metadata: { a: 1 } }),
    replyOf({ id: "01CALLS", content: "", toolCalls: calls, bill: null, finishReason: null, status: "failed" }),
    messageOf({ id: "01RESULT", role: "tool", content: "42", toolCallId: "c1" }),
    replyOf({ historyFrom: "01MESSAGE" }),
  ]);
  const page = await (await ask("GET /conversation/session/01SESSION/history?limit=3")).json();
  assertEquals(page.data, [
    {
      message_id: "01CALLS",
      role: "assistant",
      content: "",
      tool_calls: [{ id: "c1", type: "function", function: { name: "look", arguments: "{}" } }],
      status: "failed",
      finish_reason: null,
      history_from: null,
      model: "m1",
      usage: null,
      cost: null,
      created_at: NOON_TEXT,
    },
    {
      message_id: "01RESULT",
      role: "tool",
      content: "42",
      tool_call_id: "c1",
      status: "complete",
      created_at: NOON_TEXT,
    },
    {
      message_id: "01REPLY",
      role: "assistant",
      content: "hello",
      status: "complete",
      finish_reason: "stop",
      history_from: "01MESSAGE",
      model: "m1",
      usage: { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7, estimated: false },
      cost: { micros: 12, currency: "USD" },
      created_at: NOON_TEXT,
    },
  ]);
  const before = await (await ask(`GET /conversation/session/01SESSION/history?cursor=${page.next_cursor}`)).json();
  assertEquals(before, {
    data: [{
      message_id: "01MESSAGE",
      role: "user",
      content: [{ type: "text", text: "hi" }],
      status: "complete",
      metadata: { a: 1 },
      created_at: NOON_TEXT,
    }],
    next_cursor: null,
  });
});

Deno.test("every route is for keys and logins, and for nobody else", async () => {
  const { rooms, ask, routes } = conversationFixture();
  rooms.add(sessionOf());
  for (const [path, methods] of Object.entries(routes.paths)) {
    for (const method of Object.keys(methods)) {
      const line = `${method} ${path.replace(":id", "01SESSION").replace(":user_id", "me")}`;
      const refused = await ask(line, { as: { ...ANN, via: "nobody" } });
      assertEquals(refused.headers.get("cache-control"), "no-store");
      assertEquals(await told(refused), "401 credential_required", line);
      assertEquals(await told(await ask(line, { as: { ...ANN, via: "ticket" } })), "403 login_required", line);
    }
  }
  assertEquals((await ask("GET /conversation/session/01SESSION", { as: { ...ANN, via: "api_key" } })).status, 200);
});

Deno.test("a body that names a session or its settings is read no further than 256 KiB", async () => {
  const { rooms, ask } = conversationFixture();
  rooms.add(sessionOf());
  const json = (length: number) => ({ json: { unknown: "x".repeat(length) } });
  for (const route of ["POST /conversation/session", "PATCH /conversation/session/01SESSION"]) {
    assertEquals(await told(await ask(route, json(256 * 1024))), "413 body_too_large");
    assertEquals(await told(await ask(route, json(255 * 1024))), "422 invalid_field unknown");
  }
  assertEquals(await told(await ask("POST /conversation", json(300 * 1024))), "422 invalid_field message");
});
