import { assertEquals } from "@std/assert";
import { clientAddress } from "./address.ts";

Deno.test("clientAddress() believes a trusted proxy, and no other", () => {
  const trusted = ["10.0.0.0/8", "::1"];
  const cases: readonly (readonly [remote: string, forwardedFor: string | null, expected: string])[] = [
    ["192.0.2.1", null, "192.0.2.1"],
    ["192.0.2.1", "203.0.113.9", "192.0.2.1"],
    ["10.1.2.3", null, "10.1.2.3"],
    ["10.1.2.3", "203.0.113.9", "203.0.113.9"],
    ["10.1.2.3", "6.6.6.6, 203.0.113.9", "203.0.113.9"],
    ["10.1.2.3", "6.6.6.6, 203.0.113.9, 10.9.9.9", "203.0.113.9"],
    ["::ffff:10.1.2.3", "203.0.113.9", "203.0.113.9"],
    ["::1", "2001:db8::7", "2001:db8::7"],
    ["::1", "garbage", "::1"],
    ["::1", "203.0.113.9, unknown", "::1"],
    ["::1", "", "::1"],
  ];
  for (const [remote, header, expected] of cases) {
    assertEquals([remote, header, clientAddress(remote, header, trusted)], [remote, header, expected]);
  }
  assertEquals(clientAddress("10.1.2.3", "203.0.113.9", []), "10.1.2.3");
});
