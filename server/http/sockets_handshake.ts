import { GatehouseError } from "../errors/mod.ts";
import type { HeaderList } from "./head.ts";

/** What the other side of a handshake is told beside Deno's own headers. */
export interface Handshake {
  /** The subprotocol that is chosen; null: none was offered that is known here. */
  readonly protocol: string | null;
}

/** 16 bytes in base64. */
const KEY = /^[A-Za-z0-9+/]{22}==$/;

const UPGRADE = { upgrade: "websocket", connection: "Upgrade" };

/**
 * Reads the head of a WebSocket's opening handshake (RFC 6455 §4.2.1).
 *
 * @throws {GatehouseError} `upgrade_required`: it asks for no WebSocket, or for one of another version;
 * `invalid_request`: its key is missing or none
 */
export function readHandshake(method: string, headers: HeaderList): Handshake {
  const value = (wanted: string) => headers.find(([name]) => name === wanted)?.[1] ?? null;
  // A list with other protocols is no such request to the door either (head.ts), which is stricter with WebSockets.
  if (method !== "GET" || value("upgrade")?.toLowerCase() !== "websocket") {
    throw new GatehouseError(
      "upgrade_required",
      "Cannot answer this request: the path is a WebSocket, and the request asks for none; open it by a WebSocket client",
      { headers: UPGRADE },
    );
  }
  if (value("sec-websocket-version") !== "13") {
    throw new GatehouseError(
      "upgrade_required",
      "Cannot open the WebSocket: its sec-websocket-version is not the one spoken here; ask for version 13",
      { headers: { ...UPGRADE, "sec-websocket-version": "13" } },
    );
  }
  if (!KEY.test(value("sec-websocket-key") ?? "")) {
    throw badHandshake("its sec-websocket-key is not 16 bytes in base64");
  }
  return { protocol: bearerOf(value("sec-websocket-protocol")) };
}

/** The answer to a handshake with a fault. @param fault what is wrong */
export function badHandshake(fault: string): GatehouseError {
  return new GatehouseError(
    "invalid_request",
    `Cannot open the WebSocket: ${fault}; send a handshake as in RFC 6455 §4.2.1`,
  );
}

/** `bearer` of the pair `bearer, <token>`, as it was written: a browser breaks off unless an offer of its own comes back. */
function bearerOf(protocols: string | null): string | null {
  const [scheme, token] = (protocols ?? "").split(",", 2).map((protocol) => protocol.trim());
  return scheme?.toLowerCase() === "bearer" && token !== undefined ? scheme : null;
}
