import type { Tally } from "./tally.ts";

/**
 * What one row of the store is about. Its key is `["usage", day, userId, keyId, model, shard]`.
 *
 * The shard is a process's own: every row has one writer, and what it writes is the row's whole sum. So a write that is
 * made twice counts once, and processes never wait for each other.
 */
export interface RowPlace {
  /** UTC (`2026-11-20`). */
  readonly day: string;
  readonly userId: string;
  /** `""`: made without a key. */
  readonly keyId: string;
  readonly model: string;
  readonly shard: string;
}

export const USAGE = "usage";

export function rowKey({ day, userId, keyId, model, shard }: RowPlace): Deno.KvKey {
  return [USAGE, day, userId, keyId, model, shard];
}

/** Null: not the key of a row. */
export function placeOf(key: Deno.KvKey): RowPlace | null {
  const [, day, userId, keyId, model, shard] = key;
  const strings = typeof day === "string" && typeof userId === "string" && typeof keyId === "string" &&
    typeof model === "string" && typeof shard === "string";
  return strings ? { day, userId, keyId, model, shard } : null;
}

/** The value of a row. */
export function rowValue(tally: Tally): Tally & { readonly v: 1 } {
  return { v: 1, ...tally };
}

/** Null: not a row that this version can read. */
export function tallyOf(value: unknown): Tally | null {
  if (typeof value !== "object" || value === null) return null;
  const fields = new Map<string, unknown>(Object.entries(value));
  const number = (name: string) => {
    const field = fields.get(name);
    return typeof field === "number" && Number.isFinite(field) ? field : null;
  };
  const [requests, prompt, completion, estimated, micros] = [
    number("requests"),
    number("prompt"),
    number("completion"),
    number("estimated"),
    number("micros"),
  ];
  if (requests === null || prompt === null || completion === null || estimated === null) return null;
  const currency = fields.get("currency");
  const priced = micros !== null && typeof currency === "string";
  return {
    requests,
    prompt,
    completion,
    estimated,
    micros: priced ? micros : null,
    currency: priced ? currency : null,
  };
}
