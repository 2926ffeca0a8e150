import type { ApiKey, Limits, User } from "../../accounts/mod.ts";

/** A user for programs, in the names of `GET /users`. */
export function userJson({ id, username, email, role, disabled, models, limits, createdAt }: User): object {
  return {
    user_id: id,
    username,
    email,
    role,
    disabled,
    models,
    ...limitsJson(limits),
    created_at: timeJson(createdAt),
  };
}

/** A key for programs, in the names of `GET /keys`. */
export function keyJson(key: ApiKey): object {
  return {
    key_id: key.id,
    name: key.name,
    user_id: key.userId,
    start: key.start,
    models: key.models,
    ...limitsJson(key.limits),
    disabled: key.disabled,
    expires_at: timeJson(key.expiresAt),
    last_used_at: timeJson(key.lastUsedAt),
    created_at: timeJson(key.createdAt),
  };
}

function limitsJson({ rpm, tpm, budget }: Limits): object {
  return { rpm, tpm, budget: budget && { amount_micros: budget.amountMicros, period: budget.period } };
}

function timeJson(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
