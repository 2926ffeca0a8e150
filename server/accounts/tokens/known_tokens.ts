import { createHash } from "node:crypto";
import type { AccessToken } from "./access_token.ts";

/** More tokens than this are not remembered. */
const CAPACITY = 10_000;

/** Remembers which access tokens were found to be well signed, by their hash, so that each is judged once. */
export interface KnownTokens {
  /** What the text says, if it is remembered. */
  get(text: string): AccessToken | null;
  /** Remembers what the text says. */
  add(text: string, token: AccessToken): void;
}

/** Makes an empty memory; the oldest gives way to the newest. */
export function createKnownTokens(): KnownTokens {
  const tokens = new Map<string, AccessToken>();
  return {
    get: (text) => tokens.get(hash(text)) ?? null,
    add(text, token) {
      tokens.set(hash(text), token);
      if (tokens.size <= CAPACITY) return;
      for (const oldest of tokens.keys()) {
        tokens.delete(oldest);
        break;
      }
    },
  };
}

function hash(text: string): string {
  return createHash("sha256").update(text).digest("base64");
}
