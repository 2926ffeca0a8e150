import type { ApiKey } from "../../accounts/mod.ts";
import { type LimitsBody, limitsBody, timeBody } from "./limits_body.ts";

/** An API key as it is shown, without its secret. */
interface KeyBody extends LimitsBody {
  readonly key_id: string;
  readonly name: string;
  readonly user_id: string;
  readonly start: string;
  readonly disabled: boolean;
  readonly expires_at: string | null;
  readonly last_used_at: string | null;
  readonly created_at: string;
}

/** An API key as it is shown. */
export function keyBody(key: ApiKey): KeyBody {
  return {
    key_id: key.id,
    name: key.name,
    user_id: key.userId,
    start: key.start,
    ...limitsBody(key),
    disabled: key.disabled,
    expires_at: key.expiresAt === null ? null : timeBody(key.expiresAt),
    last_used_at: key.lastUsedAt === null ? null : timeBody(key.lastUsedAt),
    created_at: timeBody(key.createdAt),
  };
}
