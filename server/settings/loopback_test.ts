import { assertEquals } from "@std/assert";
import { isLoopbackHost } from "./loopback.ts";

Deno.test("isLoopbackHost() knows this machine's own names", () => {
  for (const host of ["localhost", "LOCALHOST", "127.0.0.1", "127.255.0.9", "::1", "[::1]", "0:0:0:0:0:0:0:1"]) {
    assertEquals(isLoopbackHost(host), true, host);
  }
});

Deno.test("isLoopbackHost() takes nothing that only resembles them", () => {
  const others = [
    "",
    "0.0.0.0",
    "::",
    "127.0.0.1.evil.example",
    "127.1",
    "127.0.0.256",
    "localhost.evil.example",
    "[::1",
  ];
  for (const host of [...others, "10.0.0.1", "::2", "[localhost", "::1]/x"]) {
    assertEquals(isLoopbackHost(host), false, host);
  }
});
