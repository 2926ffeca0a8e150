import { assertEquals, assertThrows } from "@std/assert";
import { GatehouseError } from "../errors/mod.ts";
import type { HeaderList } from "./head.ts";
import { readHandshake } from "./sockets_handshake.ts";

const HEAD = {
  upgrade: "websocket",
  connection: "Upgrade",
  "sec-websocket-version": "13",
  "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
};

const head = (changes: Record<string, string | null>): HeaderList =>
  Object.entries({ ...HEAD, ...changes }).flatMap(([name, value]) => value === null ? [] : [[name, value]]);

const refusal = (method: string, changes: Record<string, string | null>): GatehouseError =>
  assertThrows(() => readHandshake(method, head(changes)), GatehouseError);

Deno.test("readHandshake() refuses what asks for no WebSocket, and says how it would", () => {
  for (
    const [method, upgrade] of [["GET", null], ["GET", "h2c"], ["POST", "websocket"], ["HEAD", "websocket"]] as const
  ) {
    const { code, status, headers } = refusal(method, { upgrade });
    assertEquals([code, status, headers], ["upgrade_required", 426, { upgrade: "websocket", connection: "Upgrade" }]);
  }
});

Deno.test("readHandshake() takes for a WebSocket what the door took for one, and nothing else", () => {
  assertEquals(readHandshake("GET", head({ upgrade: "WebSocket" })), { protocol: null });
  assertEquals(refusal("GET", { upgrade: "websocket, h2c" }).code, "upgrade_required");
});

Deno.test("readHandshake() names the version spoken to a client that asks for another", () => {
  for (const version of [null, "8", "13, 8", "013"]) {
    const { code, headers } = refusal("GET", { "sec-websocket-version": version });
    assertEquals([code, headers["sec-websocket-version"]], ["upgrade_required", "13"]);
  }
});

Deno.test("readHandshake() refuses a key that is missing, or not of 16 bytes", () => {
  for (const key of [null, "", "x", "dGhlIHNhbXBsZSBub25jZQ", "dGhlIHNhbXBsZSBub25jZQ==, dGhlIHNhbXBsZSBub25jZQ=="]) {
    const { code, status } = refusal("GET", { "sec-websocket-key": key });
    assertEquals([code, status], ["invalid_request", 400]);
  }
});

Deno.test("readHandshake() chooses bearer where the pair is offered, as it is written, and nothing else", () => {
  const chosen = (protocols: string | null) =>
    readHandshake("GET", head({ "sec-websocket-protocol": protocols })).protocol;
  assertEquals(["bearer, t0ken", "bearer,t0ken", "Bearer , t0ken, chat"].map(chosen), ["bearer", "bearer", "Bearer"]);
  assertEquals([null, "bearer", "chat", "chat, bearer", "t0ken, bearer"].map(chosen), [null, null, null, null, null]);
});
