import type { Budget, Limits } from "../limits.ts";
import type { ApiKey } from "./keys.ts";

/** What a key is, without its last use, which is written apart. */
export type KeyFacts = Omit<ApiKey, "lastUsedAt">;

/** What lies in the store for a key. */
export interface KeyRecord {
  /** The form of the record. */
  readonly v: 1;
  /** SHA-256 of the whole key. */
  readonly hash: Uint8Array;
  readonly facts: KeyFacts;
}

const ROOT = "api_key";
const ALL: Deno.KvKey = [ROOT, "id"];

/**
 * Where things lie. The record lies under the prefix, so that judging a key is one read; the lists hold the prefix.
 * All but the last use are written and deleted in one commit.
 */
export const AT = {
  record: (prefix: string): Deno.KvKey => [ROOT, "record", prefix],
  all: ALL,
  id: (id: string): Deno.KvKey => [...ALL, id],
  ofUser: (userId: string): Deno.KvKey => [ROOT, "user", userId],
  user: (userId: string, id: string): Deno.KvKey => [...AT.ofUser(userId), id],
  used: (id: string): Deno.KvKey => [ROOT, "used", id],
};

/** Whether a value of the store is a record that can be trusted. One that is not opens nothing. */
export function isKeyRecord(value: unknown): value is KeyRecord {
  if (!isObject(value) || value.v !== 1 || !isObject(value.facts)) return false;
  const { hash, facts } = value;
  return hash instanceof Uint8Array && hash.length === 32 &&
    [facts.id, facts.userId, facts.name, facts.start].every((text) => typeof text === "string") &&
    isModels(facts.models) && isLimits(facts.limits) && typeof facts.disabled === "boolean" &&
    isNumberOrNull(facts.expiresAt) && typeof facts.createdAt === "number";
}

function isModels(value: unknown): value is readonly string[] | null {
  return value === null || Array.isArray(value) && value.every((name) => typeof name === "string");
}

function isLimits(value: unknown): value is Limits {
  return isObject(value) && isNumberOrNull(value.rpm) && isNumberOrNull(value.tpm) &&
    (value.budget === null || isBudget(value.budget));
}

function isBudget(value: unknown): value is Budget {
  return isObject(value) && typeof value.amountMicros === "number" &&
    (value.period === "day" || value.period === "month");
}

function isNumberOrNull(value: unknown): value is number | null {
  return value === null || typeof value === "number";
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
