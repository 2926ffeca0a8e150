import type { Clock } from "../../effects/mod.ts";
import { GatehouseError } from "../../errors/mod.ts";
import { Secret } from "../../secrets/mod.ts";
import type { RandomBytes } from "../../storage/mod.ts";
import { type Logger, silentLogger } from "../../telemetry/mod.ts";
import { argon2id, headOf, newHead, SALT_LENGTH } from "./argon2id.ts";
import type { PasswordHasher } from "./hasher.ts";
import { hashThread } from "./hash_thread.ts";

/** What {@linkcode createPasswordHasher} is made of. */
export interface PasswordHasherOptions {
  /** A module that calls `servePasswordHashes` when it is started as a worker; null: hashes are made on this thread. */
  readonly worker: URL | null;
  /** Ends an idle worker. */
  readonly clock: Clock;
  /** Makes the salts. @default the machine's own randomness */
  readonly random?: RandomBytes;
  /** Hears when no worker can be started. @default nobody */
  readonly log?: Logger;
}

/** So many wait behind the one that runs: some 1.6 s of work. */
const WAITING = 32;
/** So many of them may be new passwords, which anybody may send where registration is open: logins always find room. */
const NEW = 4;
/** Seconds until those who wait are done. */
const RETRY_AFTER = 2;

/**
 * Hashes passwords by argon2id, one at a time: on a worker, so that logins do not hold up streams, and on this thread
 * where there is none or it fails. Passwords are compared in Unicode form NFKC, so that each keyboard types the same.
 */
export function createPasswordHasher(options: PasswordHasherOptions): PasswordHasher {
  const { worker, clock, random = randomBytes, log = silentLogger } = options;
  const thread = worker === null ? null : hashThread({ url: worker, clock, log });
  /** Costs what any hash costs and is nobody's. */
  const nobody = newHead(new Uint8Array(SALT_LENGTH));
  let queued = 0;
  let fresh = 0;
  let last: Promise<unknown> = Promise.resolve();
  let closed = false;

  async function run(password: string, head: string): Promise<string> {
    assertOpen();
    const hash = await thread?.hash({ password, head }) ?? null;
    if (hash !== null) return hash;
    assertOpen();
    return await argon2id(password, head);
  }

  function assertOpen(): void {
    if (closed) throw new GatehouseError("draining", "Cannot check the password: the server is stopping. Try again.");
  }

  function enqueue(password: string, head: string): Promise<string> {
    if (queued > WAITING) throw tooMany("Cannot check the password: too many logins at once.");
    queued++;
    const turn = last.then(() => run(password, head)).finally(() => queued--);
    last = turn.catch(() => {}); // whoever asked hears of it
    return turn;
  }

  return {
    async hash(password) {
      if (fresh >= NEW) throw tooMany("Cannot take the password: too many new ones at once.");
      fresh++;
      try {
        return await enqueue(normalized(password), newHead(random(SALT_LENGTH)));
      } finally {
        fresh--;
      }
    },
    async verify(password, stored) {
      const text = normalized(password);
      const head = stored === null || text === "" ? null : headOf(stored);
      // argon2id takes no empty password.
      const hash = await enqueue(text === "" ? " " : text, head ?? nobody);
      return head !== null && stored !== null && new Secret(hash).equals(new Secret(stored));
    },
    close() {
      closed = true;
      thread?.close();
    },
  };
}

function tooMany(reason: string): GatehouseError {
  const message = `${reason} Try again in ${RETRY_AFTER} s.`;
  return new GatehouseError("too_many_attempts", message, { retryAfterSeconds: RETRY_AFTER });
}

function normalized(password: Secret): string {
  return password.reveal().normalize("NFKC");
}

function randomBytes(length: number): Uint8Array<ArrayBuffer> {
  return crypto.getRandomValues(new Uint8Array(length));
}
