import type { Clock } from "../effects/mod.ts";
import type { CredentialRecord } from "./record.ts";

const FIVE_MINUTES = 5 * 60_000;
/** Longer timers overflow 31 bits and would fire at once. */
export const MAX_TIMER = 24 * 3_600_000;

/** How long before its end a token is renewed: 10 % of its lifetime, five minutes at most. */
export function refreshMargin(lifetime: number): number {
  return Math.min(FIVE_MINUTES, lifetime * 0.1);
}

/**
 * When to renew in the background, in milliseconds from now, jittered so that many processes do not ask at once.
 *
 * @param remaining milliseconds until the token ends
 * @param lifetime milliseconds it was issued for
 * @param random 0 to 1
 */
export function refreshDelay(remaining: number, lifetime: number, random: number): number {
  const margin = refreshMargin(lifetime);
  return Math.max(0, remaining - margin - random * margin * 0.5);
}

/** The end of a token on both clocks: past either, it is over. A clock that jumps can then only make us renew early. */
export interface Deadline {
  readonly wall: number;
  readonly monotonic: number;
}

/** @returns null when the provider gave no lifetime */
export function deadlineOf(record: CredentialRecord, clock: Clock): Deadline | null {
  if (record.expiresAt === null) return null;
  const lifetime = Math.max(0, record.expiresAt - record.obtainedAt);
  // A wall clock that was set back makes `remaining` longer than the token ever lived.
  const remaining = Math.min(record.expiresAt - clock.now(), lifetime);
  return { wall: record.expiresAt, monotonic: clock.monotonic() + remaining };
}

/** Milliseconds left, 0 or less when it is over; Infinity without a deadline. */
export function remaining(deadline: Deadline | null, clock: Clock): number {
  if (deadline === null) return Infinity;
  return Math.min(deadline.wall - clock.now(), deadline.monotonic - clock.monotonic());
}

/** `expires_in` in milliseconds: a number or a numeric string of seconds; anything else, or none, is unknown. */
export function lifetimeOf(expiresIn: unknown): number | null {
  const seconds = typeof expiresIn === "string" && expiresIn.trim() !== "" ? Number(expiresIn) : expiresIn;
  return typeof seconds === "number" && Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : null;
}

/** The pause after the `failures`th failure in a row, in milliseconds: doubling from one second to a minute, jittered. */
export function backoff(failures: number, random: number): number {
  return Math.min(60_000, 1000 * 2 ** Math.min(failures - 1, 16)) * (0.8 + 0.4 * random);
}
