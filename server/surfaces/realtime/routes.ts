import type { Routes } from "../../http/mod.ts";
import { openSocket } from "./open_socket.ts";
import type { RealtimeRoutesOptions } from "./options.ts";

/** The route of the WebSockets. */
export function realtimeRoutes(options: RealtimeRoutesOptions): Routes {
  return { surface: "realtime", paths: { "/ws/:id": { GET: openSocket(options) } } };
}
