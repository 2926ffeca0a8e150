import { assertEquals, assertNotEquals } from "@std/assert";
import { networkOf } from "./network_of.ts";

Deno.test("networkOf() is one for an IPv4 address in both forms, and for the /64 of an IPv6 address", () => {
  assertEquals(networkOf("192.0.2.1"), "192.0.2.1");
  for (const same of ["::ffff:192.0.2.1", "::FFFF:c000:201", "0:0:0:0:0:ffff:192.0.2.1"]) {
    assertEquals(networkOf(same), "192.0.2.1");
  }
  assertNotEquals(networkOf("192.0.2.2"), networkOf("192.0.2.1"));
  for (const same of ["2001:db8:0:1::", "2001:DB8:0:1:ffff:ffff:ffff:ffff", "2001:db8:0:1::1%eth0"]) {
    assertEquals(networkOf(same), networkOf("2001:db8:0:1::1"));
  }
  assertNotEquals(networkOf("2001:db8:0:2::1"), networkOf("2001:db8:0:1::1"));
});

Deno.test("networkOf() leaves what is no address as it is", () => {
  for (const text of ["", "unknown", "_hidden", "192.0.2.300"]) assertEquals(networkOf(text), text);
});
