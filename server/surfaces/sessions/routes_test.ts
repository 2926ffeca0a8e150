import { assertEquals } from "@std/assert";
import { Sessions } from "./sessions_fixture.ts";

Deno.test("a body is read no further than its route has use for: what is longer only costs time", async () => {
  const sessions = new Sessions();
  const body = (length: number) => `{${" ".repeat(length)}"unknown":1}`;
  const KIB = 1024;
  const cases = [["/set-llm", 257], ["/ws-ticket", 257], ["/create_session", 2 * KIB + 1]] as const;
  for (const [path, kib] of cases) {
    assertEquals((await sessions.post(path, body(kib * KIB))).status, 413, path);
    assertEquals((await sessions.post(path, body((kib - 1) * KIB - 100))).status, 422, path);
  }
  assertEquals((await sessions.post("/chat", body(3 * KIB * KIB))).status, 422);
});
