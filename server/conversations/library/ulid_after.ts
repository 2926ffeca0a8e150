import { ulid } from "@std/ulid";

const DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const TIME_LENGTH = 10;
const RANDOM_LENGTH = 16;

/**
 * A ULID of this time, or the one right after `last` where that is later: the clock was set back, or another process's
 * clock is ahead.
 *
 * @param last null: none is to come before
 * @param now milliseconds since the epoch
 * @param random from 0 up to 1
 */
export function ulidAfter(last: string | null, now: number, random: () => number): string {
  const digits = Array.from({ length: RANDOM_LENGTH }, () => DIGITS.charAt(Math.floor(random() * DIGITS.length)));
  const fresh = ulid(Math.max(0, Math.floor(now))).slice(0, TIME_LENGTH) + digits.join("");
  return last === null || fresh > last ? fresh : next(last);
}

/** What no other writing and no other turn is called. @param now milliseconds since the epoch @param random from 0 up to 1 */
export function newToken(now: number, random: () => number): string {
  return ulidAfter(null, now, random);
}

function next(id: string): string {
  for (let at = id.length - 1; at >= 0; at--) {
    const digit = DIGITS.indexOf(id.charAt(at));
    if (digit < DIGITS.length - 1) {
      return id.slice(0, at) + DIGITS.charAt(digit + 1) + DIGITS.charAt(0).repeat(id.length - at - 1);
    }
  }
  throw new RangeError("There is no ULID after the last one");
}

/** Whether a text has the form of a ULID. */
export function isUlid(text: string): boolean {
  return /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/.test(text);
}
