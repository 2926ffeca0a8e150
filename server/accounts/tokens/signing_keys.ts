import { GatehouseError } from "../../errors/mod.ts";
import type { Secret } from "../../secrets/mod.ts";
import { type RandomBytes, type Store, UnsealError, type Vault } from "../../storage/mod.ts";
import type { Logger } from "../../telemetry/mod.ts";

/** An HMAC-SHA-256 key for each use, so that nothing made for one ever passes for the other. */
export interface SigningKeys {
  /** Signs access tokens. */
  readonly access: CryptoKey;
  /** Makes the code in refresh tokens. */
  readonly refresh: CryptoKey;
}

export interface SigningKeysOptions {
  readonly store: Store;
  readonly vault: Vault;
  /** Signs instead of a key of our own; null: one is made and kept. */
  readonly secret: Secret | null;
  readonly random: RandomBytes;
  readonly log: Logger;
}

const KEY: Deno.KvKey = ["token_signing_key"];
const LENGTH = 32;

/**
 * The keys, read at the first call and then remembered; calls that come together share one reading, and one that failed
 * is made again.
 *
 * @returns what gives the keys; it throws `storage_unavailable`
 */
export function signingKeys(options: SigningKeysOptions): () => Promise<SigningKeys> {
  let reading: Promise<SigningKeys> | null = null;
  return () => {
    reading ??= readKeys(options).catch((error) => {
      reading = null;
      throw error;
    });
    return reading;
  };
}

async function readKeys(options: SigningKeysOptions): Promise<SigningKeys> {
  const { secret } = options;
  if (secret === null) return await derive(await keptBytes(options));
  // Others who know JWT_SECRET may check our tokens by it, so it signs them as it is.
  const bytes = new TextEncoder().encode(secret.reveal());
  const { refresh } = await derive(bytes);
  return {
    access: await crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["sign", "verify"]),
    refresh,
  };
}

/** The kept key, made where there is none. Of several processes exactly one makes it. */
async function keptBytes({ store, vault, random, log }: SigningKeysOptions): Promise<Uint8Array<ArrayBuffer>> {
  const open = async (record: unknown) => {
    try {
      return demandBytes(await vault.unseal(KEY, record));
    } catch (error) {
      if (!(error instanceof UnsealError)) throw error;
      log.error("the key that signs tokens cannot be opened", { reason: error.message });
      throw new GatehouseError(
        "storage_unavailable",
        "Cannot judge tokens: the stored key that signs them cannot be opened; the server's log says why.",
      );
    }
  };
  const entry = await store.get(KEY);
  if (entry !== null) return await open(entry.value);
  const bytes = random(LENGTH);
  const made = await store.commit({
    checks: [{ key: KEY, version: null }],
    puts: [{ key: KEY, value: await vault.seal(KEY, bytes.toBase64()) }],
  });
  if (made !== null) return bytes;
  // Another process was faster. Nothing ever removes the entry.
  return await open((await store.get(KEY))?.value);
}

function demandBytes(value: unknown): Uint8Array<ArrayBuffer> {
  const text = typeof value === "string" && /^[A-Za-z0-9+/]{43}=$/.test(value) ? value : null;
  if (text === null) throw new UnsealError("damaged", "The record is not a key of 32 bytes");
  return Uint8Array.fromBase64(text);
}

/** HKDF-SHA-256 (RFC 5869). */
async function derive(bytes: Uint8Array<ArrayBuffer>): Promise<SigningKeys> {
  const master = await crypto.subtle.importKey("raw", bytes, "HKDF", false, ["deriveKey"]);
  const key = (use: string, usages: KeyUsage[]) =>
    crypto.subtle.deriveKey(
      { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info: new TextEncoder().encode(`gatehouse ${use} v1`) },
      master,
      { name: "HMAC", hash: "SHA-256", length: 256 },
      false,
      usages,
    );
  return { access: await key("access token", ["sign", "verify"]), refresh: await key("refresh token", ["sign"]) };
}
