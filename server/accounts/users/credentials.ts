import { GatehouseError } from "../../errors/mod.ts";
import { Secret } from "../../secrets/mod.ts";

const SHORTEST = 8;
const LONGEST = 256;
const LONGEST_EMAIL = 254;
const EMAIL = /^[^\s@]+@[^\s@]+$/u;
/** What is not seen, moves the cursor or turns the direction of writing: by it one address would look like another. */
const UNPRINTABLE = /[\p{Cc}\p{Cs}\p{Bidi_Control}\p{Default_Ignorable_Code_Point}]/u;

/**
 * Demands that a new password is neither too short nor too long, in characters.
 *
 * @param action for the message, such as `create the user`
 * @throws {GatehouseError} `invalid_field` (`password`)
 */
export function demandPassword(password: Secret, action: string): void {
  const length = isTooLong(password) ? Infinity : [...password.reveal()].length;
  if (length >= SHORTEST && length <= LONGEST) return;
  const message = `Cannot ${action}: password must be ${SHORTEST} to ${LONGEST} characters`;
  throw new GatehouseError("invalid_field", message, { param: "password" });
}

/** Whether a password is so long that it can be nobody's: it is not worth the time of a hash. */
export function isTooLong(password: Secret): boolean {
  return password.reveal().length > 2 * LONGEST; // a character beyond the first 65,536 counts twice here
}

/**
 * Demands something like an email address: only sending to it could tell more.
 *
 * @throws {GatehouseError} `invalid_field` (`email`)
 */
export function demandEmail(email: string | null): void {
  if (email === null) return;
  if (email.length <= LONGEST_EMAIL && EMAIL.test(email) && !UNPRINTABLE.test(email)) return;
  const message =
    `Cannot create the user: email must be name@host, at most ${LONGEST_EMAIL} characters; or leave it out`;
  throw new GatehouseError("invalid_field", message, { param: "email" });
}
