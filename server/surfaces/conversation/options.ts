import type { Library, Turns } from "../../conversations/mod.ts";
import type { Clock } from "../../effects/mod.ts";

/** What the conversation dialect stands on. */
export interface ConversationOptions {
  /** The conversations of this server. */
  readonly conversations: {
    /** What is stored. */
    readonly library: Pick<Library, "create" | "open" | "list" | "change" | "history" | "forwards">;
    /** What runs. */
    readonly turns: Pick<Turns, "begin" | "join" | "stop" | "remove">;
  };
  /** Keeps streams open. */
  readonly clock: Clock;
  /** The longest request body, in bytes. */
  readonly maxBodyBytes: number;
}
