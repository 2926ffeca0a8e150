import type { Secret } from "../../secrets/mod.ts";

/** Turns passwords into what is stored, and compares. Bounded: only so many run or wait at once. */
export interface PasswordHasher {
  /** The password as a PHC string (`$argon2id$v=19$…`). @throws {GatehouseError} `too_many_attempts` when too many wait, or a few that are new */
  hash(password: Secret): Promise<string>;
  /** Whether `stored` is this password's; `null` takes as long as any and is never right. @throws {GatehouseError} `too_many_attempts` */
  verify(password: Secret, stored: string | null): Promise<boolean>;
  /** Ends the worker, if one runs. */
  close(): void;
}
