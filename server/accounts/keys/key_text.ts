import { createHash } from "node:crypto";
import { Secret } from "../../secrets/mod.ts";
import type { RandomBytes } from "../../storage/mod.ts";

/** Letters and digits alone, so that a double click takes the whole key. */
const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/** The largest multiple of 62 in a byte: what lies above would favour the first letters. */
const EVEN = 248;
const PREFIX_LENGTH = 12;
/** 43 of 62 letters are 256 bits. */
const SECRET_LENGTH = 43;
const FORM = /^gh_([0-9A-Za-z]{12})_[0-9A-Za-z]{43}$/;

/** A key that is new. */
export interface NewKeyText {
  /** By which it is found; no secret. */
  readonly prefix: string;
  /** The whole key. */
  readonly secret: Secret;
}

/** Draws a key: `gh_`, 12 letters to find it by, `_`, and 256 bits. */
export function drawKey(random: RandomBytes): NewKeyText {
  const prefix = letters(random, PREFIX_LENGTH);
  return { prefix, secret: new Secret(`${startOf(prefix)}_${letters(random, SECRET_LENGTH)}`) };
}

/** What a key of this prefix begins with, as it is shown in lists. */
export function startOf(prefix: string): string {
  return `gh_${prefix}`;
}

/** The prefix of a key, null where it is not of a key's form. */
export function prefixOf(text: string): string | null {
  return FORM.exec(text)?.[1] ?? null;
}

/**
 * SHA-256 of the whole key. A slow hash protects passwords, which can be guessed; nobody guesses 256 random bits, and a
 * key is judged on every request. `node:crypto` answers at once, where WebCrypto costs a turn of the event loop.
 */
export function digestOf(text: string): Uint8Array {
  return createHash("sha256").update(text).digest();
}

function letters(random: RandomBytes, length: number): string {
  let text = "";
  while (text.length < length) {
    for (const byte of random(length)) {
      if (byte < EVEN && text.length < length) text += ALPHABET.charAt(byte % ALPHABET.length);
    }
  }
  return text;
}
