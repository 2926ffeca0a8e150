import type { Limits } from "../limits.ts";
import type { User, UserChange } from "./users.ts";

/** What lies in the store for a user. */
export interface UserRecord {
  /** The form of the record. */
  readonly v: 1;
  readonly user: User;
  /** A PHC string; it never leaves the room. */
  readonly passwordHash: string;
}

const ROOT = "user";

/** Where things lie. A user and the user's name are written and deleted in one commit. */
export const AT = {
  all: [ROOT, "record"] satisfies Deno.KvKey,
  user: (id: string): Deno.KvKey => [...AT.all, id],
  name: (nameKey: string): Deno.KvKey => [ROOT, "name", nameKey],
  allLeaving: [ROOT, "leaving"] satisfies Deno.KvKey,
  leaving: (id: string): Deno.KvKey => [...AT.allLeaving, id],
};

/** Whether a value of the store is a record that can be trusted. One that is not is nobody's. */
export function isUserRecord(value: unknown): value is UserRecord {
  if (!isObject(value) || value.v !== 1 || typeof value.passwordHash !== "string" || !isObject(value.user)) {
    return false;
  }
  const { id, username, email, role, disabled, models, limits, generation, createdAt } = value.user;
  return typeof id === "string" && typeof username === "string" && (email === null || typeof email === "string") &&
    (role === "admin" || role === "user") && typeof disabled === "boolean" &&
    (models === null || Array.isArray(models) && models.every((name) => typeof name === "string")) &&
    isLimits(limits) && typeof generation === "number" && typeof createdAt === "number";
}

/** A user after a change. What is absent stays. Logins end with the disabling, so that enabling does not bring them back. */
export function changed(user: User, change: UserChange): User {
  const { models, budget, rpm, tpm } = change;
  return {
    ...user,
    role: change.role ?? user.role,
    disabled: change.disabled ?? user.disabled,
    generation: change.disabled === true && !user.disabled ? user.generation + 1 : user.generation,
    models: models === undefined ? user.models : models,
    limits: {
      rpm: rpm === undefined ? user.limits.rpm : rpm,
      tpm: tpm === undefined ? user.limits.tpm : tpm,
      budget: budget === undefined ? user.limits.budget : budget,
    },
  };
}

function isLimits(value: unknown): value is Limits {
  if (!isObject(value) || !isNumberOrNull(value.rpm) || !isNumberOrNull(value.tpm)) return false;
  const { budget } = value;
  return budget === null || isObject(budget) && typeof budget.amountMicros === "number" &&
      (budget.period === "day" || budget.period === "month");
}

function isNumberOrNull(value: unknown): value is number | null {
  return value === null || typeof value === "number";
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
