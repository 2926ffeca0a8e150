import { assertEquals } from "@std/assert";
import { Sessions, told, whoIs } from "./sessions_fixture.ts";

const WEATHER = { name: "weather", description: "of a city", parameters: { type: "object" } };

Deno.test("POST /create_session makes a session that speaks JSON-RPC, with its tools", async () => {
  const surface = new Sessions();
  const bodies = [null, {}, { tools: null }, { tools: [] }, { tools: [WEATHER] }, {
    tools: [{ type: "function", function: WEATHER }],
  }];
  for (const body of bodies) {
    const response = await surface.post("/create_session", body, whoIs("ada", "api_key"));
    assertEquals(response.status, 201);
    assertEquals(await response.json(), { session_id: `NEW${surface.conversations.created.length}` });
  }
  assertEquals(surface.conversations.created, [
    { protocol: "rpc", tools: [] },
    { protocol: "rpc", tools: [] },
    { protocol: "rpc", tools: [] },
    { protocol: "rpc", tools: [] },
    { protocol: "rpc", tools: [WEATHER] },
    { protocol: "rpc", tools: [WEATHER] },
  ]);
  assertEquals(surface.conversations.sessions.map(({ userId }) => userId), Array(6).fill("ada"));
});

Deno.test("POST /create_session refuses tools that are none, and fields that it does not know", async () => {
  const surface = new Sessions();
  for (const tools of ["weather", {}, [{ name: "a b" }], [5]]) {
    const said = await told(await surface.post("/create_session", { tools }));
    assertEquals(/^422 invalid_field tools/.test(said), true, `${JSON.stringify(tools)}: ${said}`);
  }
  assertEquals(await told(await surface.post("/create_session", { model: "m1" })), "422 invalid_field model");
  assertEquals(surface.conversations.created, []);
});
