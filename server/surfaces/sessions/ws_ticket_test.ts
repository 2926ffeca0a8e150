import { assertEquals } from "@std/assert";
import { sessionOf } from "./conversations_fixture.ts";
import { Sessions, told, whoIs } from "./sessions_fixture.ts";

Deno.test("POST /ws-ticket gives a ticket for a session of one's own, and no cache may keep it", async () => {
  const surface = new Sessions();
  surface.conversations.sessions.push(sessionOf("ada", "S1"));
  for (const via of ["token", "cookie", "api_key"] as const) {
    const response = await surface.post("/ws-ticket", { session_id: "S1" }, whoIs("ada", via));
    assertEquals([response.status, response.headers.get("cache-control")], [201, "no-store"]);
    assertEquals(await response.json(), { ticket: "ght_ticket", expires_in: 30 });
  }
  assertEquals(surface.tickets, [["ada", "S1"], ["ada", "S1"], ["ada", "S1"]]);
});

Deno.test("POST /ws-ticket gives none for what is another's, unknown, or no id", async () => {
  const surface = new Sessions();
  surface.conversations.sessions.push(sessionOf("ada", "S1"));
  const cases: readonly (readonly [body: unknown, told: string])[] = [
    [{ session_id: "S1" }, "404 not_found"],
    [{ session_id: "S2" }, "404 not_found"],
    [{ session_id: "" }, "404 not_found"],
    [{}, "422 invalid_field session_id"],
    [{ session_id: "S1", user_id: "ada" }, "422 invalid_field user_id"],
  ];
  for (const [body, expected] of cases) {
    assertEquals(await told(await surface.post("/ws-ticket", body, whoIs("bob"))), expected, JSON.stringify(body));
  }
  assertEquals(surface.tickets, []);
});
