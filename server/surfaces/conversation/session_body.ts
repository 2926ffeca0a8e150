import type { Session } from "../../conversations/mod.ts";
import { settingsBody, type SettingsFields } from "./settings_fields.ts";

/** A session as it is shown. */
export interface SessionBody {
  readonly session_id: string;
  /** The same: some clients know it by this name. */
  readonly thread_id: string;
  readonly user_id: string;
  readonly name: string | null;
  /** The one that is set, else the one that answered last. */
  readonly model: string | null;
  readonly settings: SettingsFields;
  readonly message_count: number;
  readonly created_at: string;
  readonly updated_at: string;
}

/** A session as it is shown. */
export function sessionBody(session: Session): SessionBody {
  return {
    session_id: session.id,
    thread_id: session.id,
    user_id: session.userId,
    name: session.name,
    model: session.settings.model ?? session.lastModel,
    settings: settingsBody(session.settings),
    message_count: session.messageCount,
    created_at: new Date(session.createdAt).toISOString(),
    updated_at: new Date(session.updatedAt).toISOString(),
  };
}
