import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { GatehouseError } from "../errors/mod.ts";
import type { Asking } from "./asking.ts";
import { askingAt } from "./asking_fixture.ts";
import { createDoor, type Door } from "./door.ts";
import { NOBODY } from "./who.ts";

const OWN = "127.0.0.1:8000";
const door = createDoor(
  { auth: "auto", bind: "127.0.0.1", allowedHosts: [], corsOrigins: [], registration: "local" },
  [],
);

const asking = (rest: Partial<Asking>) => askingAt(OWN, rest);

/** The code that refuses, or who is let in. */
function verdict(by: Door, rest: Partial<Asking>): string {
  try {
    const who = by.admit(asking(rest));
    return who instanceof Promise ? "later" : who.userId;
  } catch (error) {
    if (error instanceof GatehouseError) return error.code;
    throw error;
  }
}

Deno.test("admit() lets loopback names in and no other, in Host and in the target alike", () => {
  const near = fc.tuple(
    fc.constantFrom("", "a.", "[", "x@", " "),
    fc.constantFrom("localhost", "LOCALHOST", "127.0.0.1", "[::1]", "::1", "127.0.0.1.", "evil.example"),
    fc.constantFrom("", ":", ":80", ":65535", ":123456", ".", ".evil", "/", "@evil", ":80@evil", ":x"),
  ).map((parts) => parts.join(""));
  fc.assert(fc.property(fc.oneof(near, fc.string(), fc.domain(), fc.ipV4(), fc.ipV6()), (host) => {
    const own = /^(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?$/i.test(host);
    const expected = own ? "local" : "host_not_allowed";
    assertEquals([verdict(door, { host }), verdict(door, { targetHost: host })], [expected, expected]);
  }));
});

Deno.test("admit() lets pages of its own origin in and no other", () => {
  fc.assert(fc.property(fc.oneof(fc.webUrl(), fc.string(), fc.constantFrom("null", "", `https://${OWN}`)), (origin) => {
    assertEquals(verdict(door, { origin }), origin === `http://${OWN}` ? "local" : "origin_not_allowed");
  }));
});

Deno.test("admit() asks for a credential where the server is not open", () => {
  for (const [auth, bind] of [["required", "127.0.0.1"], ["auto", "0.0.0.0"]] as const) {
    const closed = createDoor({ auth, bind, allowedHosts: [], corsOrigins: [], registration: "local" }, []);
    assertEquals([closed.open, verdict(closed, {})], [false, "credential_required"]);
    assertEquals(verdict(closed, { bearer: "dummy" }), "invalid_api_key");
    assertEquals(verdict(closed, { apiKey: "dummy" }), "invalid_api_key");
  }
});

Deno.test("admit() takes the first verifier that knows what is shown, and its word is final", () => {
  const rules = { auth: "auto", bind: "127.0.0.1", allowedHosts: [], corsOrigins: [], registration: "local" } as const;
  const who = { ...NOBODY, userId: "u1" };
  const door = createDoor(rules, [
    ({ bearer }) => bearer === "one" ? who : null,
    ({ bearer }) => {
      if (bearer === "bad") throw new GatehouseError("invalid_token", "Cannot answer this: the token is bad");
      return null;
    },
    ({ bearer, apiKey }) => bearer === "bad" || apiKey === "three" ? { ...who, userId: "u3" } : null,
  ]);
  assertEquals(verdict(door, { bearer: "one" }), "u1");
  assertEquals(verdict(door, { bearer: "bad" }), "invalid_token");
  assertEquals(verdict(door, { bearer: "dummy", apiKey: "three" }), "u3");
  assertEquals(verdict(door, { bearer: "dummy" }), "local");
  assertEquals(verdict(door, { bearer: "one", host: "evil.example" }), "host_not_allowed");
  assertEquals(verdict(door, { bearer: "one", forwarded: true }), "u1");
  assertEquals(verdict(door, { bearer: "dummy", forwarded: true }), "credential_required");
});

Deno.test("admitRegistrant() lets this machine register, and by its settings anybody or nobody", () => {
  const rules = { bind: "127.0.0.1", allowedHosts: [], corsOrigins: [] } as const;
  const verdict = (auth: "auto" | "required", registration: "open" | "local" | "closed", rest: Partial<Asking>) => {
    try {
      const who = createDoor({ ...rules, auth, registration }, []).admitRegistrant(asking(rest));
      return who instanceof Promise ? "later" : who.userId;
    } catch (error) {
      if (error instanceof GatehouseError) return error.code;
      throw error;
    }
  };
  const rebound = { host: "evil.example", targetHost: "evil.example" };
  for (const auth of ["auto", "required"] as const) {
    assertEquals(verdict(auth, "local", {}), "nobody");
    assertEquals(verdict(auth, "local", rebound), "host_not_allowed");
    assertEquals(verdict(auth, "local", { origin: "null" }), "origin_not_allowed");
    assertEquals(verdict(auth, "local", { secFetchSite: "cross-site" }), "origin_not_allowed");
    assertEquals(verdict(auth, "local", { forwarded: true }), "credential_required");
  }
  assertEquals(verdict("required", "open", { ...rebound, forwarded: true }), "nobody");
  assertEquals(verdict("auto", "open", { forwarded: true }), "credential_required");
  assertEquals(verdict("auto", "open", rebound), "host_not_allowed");
  assertEquals(verdict("auto", "closed", {}), "local");
  assertEquals(verdict("required", "closed", {}), "credential_required");
});

Deno.test("admit() repeats of a host only what is short and printable", () => {
  const error = assertThrows(() => door.admit(asking({ host: `\u0007${"x".repeat(10_000)}` })), GatehouseError);
  assertEquals([error.message.length < 400, error.message.includes("\u0007")], [true, false]);
});
