/**
 * The WebSockets of sessions: plain text, or JSON-RPC 2.0 with tools.
 * @module
 */
export type { Connection, OpenProtocol, RealtimeOptions } from "./connection.ts";
export type { RealtimeRoutesOptions } from "./options.ts";
export { realtimeRoutes } from "./routes.ts";
