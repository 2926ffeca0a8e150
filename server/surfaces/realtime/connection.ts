import type { Who } from "../../accounts/mod.ts";
import type { Conversations, Session } from "../../conversations/mod.ts";
import type { Clock } from "../../effects/mod.ts";
import type { HeaderList, Socket, SocketHandler } from "../../http/mod.ts";
import type { Logger } from "../../telemetry/mod.ts";

/** An open WebSocket of a session. */
export interface Connection {
  /** The other side. */
  readonly socket: Socket;
  /** The session that it was opened for, as it was then. */
  readonly session: Session;
  /**
   * Who asks, as of now: a connection outlives keys, logins and users.
   *
   * @throws {GatehouseError} `invalid_api_key`, `invalid_token`: they may not pass any more
   */
  readonly who: () => Promise<Who>;
  /** The headers of the upgrade that may cross to the upstream. */
  readonly headers: HeaderList;
  /** Its lines carry the request id. */
  readonly log: Logger;
}

/** What all protocols stand on. */
export interface RealtimeOptions {
  /** Where turns run. */
  readonly conversations: Conversations;
  /** Measures the calls. */
  readonly clock: Clock;
}

/** Speaks one protocol over a connection. */
export type OpenProtocol = (connection: Connection, options: RealtimeOptions) => SocketHandler;
