import type { StorageSettings } from "../settings/mod.ts";
import type { Logger } from "../telemetry/mod.ts";
import { jsonText } from "./json_text.ts";
import { kvKeyBytes } from "./kv_key_bytes.ts";
import { type RandomBytes, type SealingKey, sealingKey } from "./sealing_key.ts";
import { type SealedRecord, UnsealError, type Vault } from "./vault.ts";

/** What {@linkcode openVault} needs. */
export interface OpenVaultOptions {
  /** The key, or where its file is. */
  readonly settings: Pick<StorageSettings, "configDir" | "sealingKey">;
  /** Told when others can read the key file. */
  readonly log: Logger;
  /** Unpredictable bytes. @default {crypto.getRandomValues} */
  readonly random?: RandomBytes;
}

/**
 * Opens the vault with the key from `GATEHOUSE_KEY` or the key file. Sealing and fingerprints each have a key of
 * their own, derived from it (HKDF-SHA-256, RFC 5869).
 *
 * @throws {StorageStartError} when the key cannot be had
 */
export async function openVault(
  { settings, log, random = (length) => crypto.getRandomValues(new Uint8Array(length)) }: OpenVaultOptions,
): Promise<Vault> {
  const key = await sealingKey(settings, { random, log });
  const keys = await deriveKeys(key.bytes);

  return {
    async seal(kvKey, value): Promise<SealedRecord> {
      const text = encoder.encode(jsonText(value));
      const iv = random(12);
      const data = await crypto.subtle.encrypt(cipher(kvKey, iv), keys.sealing, text);
      return { kid: keys.kid, iv, data: new Uint8Array(data) };
    },
    async unseal(kvKey, record) {
      const { kid, iv, data } = demandRecord(record);
      if (kid !== keys.kid) throw otherKey(kid, keys.kid, key);
      try {
        return JSON.parse(decoder.decode(await crypto.subtle.decrypt(cipher(kvKey, iv), keys.sealing, data)));
      } catch {
        throw damaged();
      }
    },
    async fingerprint(secret) {
      const digest = await crypto.subtle.sign("HMAC", keys.fingerprint, encoder.encode(secret.reveal()));
      return hex(new Uint8Array(digest));
    },
  };
}

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

interface Keys {
  readonly kid: string;
  readonly sealing: CryptoKey;
  readonly fingerprint: CryptoKey;
}

async function deriveKeys(bytes: Uint8Array<ArrayBuffer>): Promise<Keys> {
  const master = await crypto.subtle.importKey("raw", bytes, "HKDF", false, ["deriveKey", "deriveBits"]);
  const from = (use: string) => ({
    name: "HKDF",
    hash: "SHA-256",
    salt: new Uint8Array(),
    info: encoder.encode(`gatehouse ${use} v1`),
  });
  const aes = { name: "AES-GCM", length: 256 };
  const hmac = { name: "HMAC", hash: "SHA-256", length: 256 };
  const idBits = await crypto.subtle.deriveBits(from("key id"), master, 256);
  return {
    kid: hex(new Uint8Array(await crypto.subtle.digest("SHA-256", idBits))).slice(0, 8),
    sealing: await crypto.subtle.deriveKey(from("sealing"), master, aes, false, ["encrypt", "decrypt"]),
    fingerprint: await crypto.subtle.deriveKey(from("fingerprint"), master, hmac, false, ["sign"]),
  };
}

function cipher(kvKey: Deno.KvKey, iv: Uint8Array<ArrayBuffer>): AesGcmParams {
  return { name: "AES-GCM", iv, additionalData: kvKeyBytes("gatehouse record v1", kvKey), tagLength: 128 };
}

function demandRecord(record: unknown): SealedRecord {
  if (
    typeof record !== "object" || record === null || !("kid" in record) || !("iv" in record) || !("data" in record) ||
    typeof record.kid !== "string" || !/^[0-9a-f]{8}$/.test(record.kid) ||
    !(record.iv instanceof Uint8Array) || record.iv.length !== 12 || !(record.data instanceof Uint8Array)
  ) {
    throw damaged();
  }
  return { kid: record.kid, iv: new Uint8Array(record.iv), data: new Uint8Array(record.data) };
}

function otherKey(found: string, expected: string, key: SealingKey): UnsealError {
  return new UnsealError(
    "other_key",
    `Cannot open a stored secret: it was sealed with key ${found}, and the key from ${key.origin} is ${expected}. ` +
      "Put the former key back (GATEHOUSE_KEY or the key file); without it, log out and log in again.",
  );
}

function damaged(): UnsealError {
  return new UnsealError(
    "damaged",
    "Cannot open a stored secret: the key is right, but the record was changed or moved. Restore the store from a " +
      "backup, or log out and log in again.",
  );
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
