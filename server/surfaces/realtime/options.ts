import type { Tickets } from "../../accounts/mod.ts";
import type { Sockets } from "../../http/mod.ts";
import type { RealtimeOptions } from "./connection.ts";

/** What the WebSockets of sessions stand on. */
export interface RealtimeRoutesOptions extends RealtimeOptions {
  /** Answers upgrades. */
  readonly sockets: Pick<Sockets, "accept">;
  /** Judges anew who was let in. */
  readonly tickets: Pick<Tickets, "renew">;
  /** Whether the server is open: the implicit user `local` may pass. */
  readonly open: boolean;
}
