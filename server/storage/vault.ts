import type { Secret } from "../secrets/mod.ts";

/** What lies in the store in place of a secret record: AES-256-GCM with the KV key as additional data. */
export interface SealedRecord {
  /** Names the sealing key, so that a wrong key is told from a damaged record. */
  readonly kid: string;
  /** 12 bytes, never used twice. */
  readonly iv: Uint8Array<ArrayBuffer>;
  /** The cipher text with its tag. */
  readonly data: Uint8Array<ArrayBuffer>;
}

/** Seals records for the store and opens them again. */
export interface Vault {
  /** Seals a JSON value for exactly this KV key. @throws {TypeError} for a value that JSON cannot hold, a `Secret` too */
  seal(key: Deno.KvKey, value: unknown): Promise<SealedRecord>;
  /** Opens a record that was sealed for this KV key. @throws {UnsealError} when the key is another, or the record was changed or moved */
  unseal(key: Deno.KvKey, record: unknown): Promise<unknown>;
  /** A keyed fingerprint (HMAC-SHA-256, hexadecimal) by which a secret is recognised without being kept. */
  fingerprint(secret: Secret): Promise<string>;
}

/** A record that cannot be opened. It is never overwritten: the start stops and says so. */
export class UnsealError extends Error {
  /** The class's own name. */
  override readonly name = "UnsealError";

  /** An error for the operator. @param reason `other_key`: another key is needed; `damaged`: the record was changed or lies under another KV key */
  constructor(readonly reason: "other_key" | "damaged", message: string) {
    super(message);
  }
}
