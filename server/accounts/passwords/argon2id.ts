/** What one hash costs: 19 MiB and two passes, the least that OWASP recommends for argon2id. */
const COST = "m=19456,t=2,p=1";
/** Bytes of the hash, and of the salt before it. */
const HASH_LENGTH = 32;
export const SALT_LENGTH = 16;

/** All of a PHC string but its hash: what a password has to be hashed with to be compared. */
const HEAD = /^\$argon2id\$v=19\$m=(\d{1,6}),t=(\d{1,2}),p=(\d)\$([A-Za-z0-9+/]{22})$/;

/** The head of a new PHC string. @param salt {@linkcode SALT_LENGTH} bytes that were never used before */
export function newHead(salt: Uint8Array): string {
  return `$argon2id$v=19$${COST}$${btoa(String.fromCharCode(...salt)).replace(/=+$/, "")}`;
}

/** The head of a stored PHC string; null: it is none that can be compared with. */
export function headOf(stored: string): string | null {
  const head = stored.slice(0, Math.max(0, stored.lastIndexOf("$")));
  return HEAD.test(head) ? head : null;
}

/**
 * Hashes by argon2id (RFC 9106); blocks the thread it runs on for some 50 ms.
 *
 * @param password not empty
 * @param head by {@linkcode newHead} or {@linkcode headOf}
 * @returns the PHC string that begins with `head`
 */
export async function argon2id(password: string, head: string): Promise<string> {
  const [, memorySize, iterations, parallelism, salt] = HEAD.exec(head) ?? [];
  if (salt === undefined) throw new TypeError("Cannot hash a password: not the head of an argon2id PHC string");
  const { argon2id: hash } = await import("hash-wasm");
  return await hash({
    password,
    salt: Uint8Array.from(atob(salt), (byte) => byte.charCodeAt(0)),
    memorySize: Number(memorySize),
    iterations: Number(iterations),
    parallelism: Number(parallelism),
    hashLength: HASH_LENGTH,
    outputType: "encoded",
  });
}
