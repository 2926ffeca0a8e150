import type { Tickets } from "../../accounts/mod.ts";
import type { Conversations } from "../../conversations/mod.ts";

/** What sessions stand on. */
export interface SessionOptions {
  /** Where sessions are kept and turns run. */
  readonly conversations: {
    readonly library: Pick<Conversations["library"], "create" | "change" | "open">;
    readonly turns: Pick<Conversations["turns"], "begin">;
  };
  /** Made for pages, which open a WebSocket without a header. */
  readonly tickets: Pick<Tickets, "issue" | "expiresIn">;
  /** The longest request body, in bytes. */
  readonly maxBodyBytes: number;
}
