import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";

/** Gives `length` bytes that nobody can guess. Tests hand in one that can be. */
export type Random = (length: number) => Uint8Array;

/** The machine's own randomness. */
export const systemRandom: Random = (length) => crypto.getRandomValues(new Uint8Array(length));

/** An opaque token of 256 bits, base64url. */
export function randomToken(random: Random): string {
  return Buffer.from(random(32)).toString("base64url");
}

/** SHA-256, base64url: what is kept in place of a token, and the S256 of RFC 7636. */
export function sha256(text: string): string {
  return createHash("sha256").update(text).digest("base64url");
}
