import { GatehouseError } from "../../errors/mod.ts";
import type { NoRoom } from "./admit.ts";

/** What to wait with a wish that can never fit, in seconds: a client that waits anyway shall not hammer. */
const NEVER_FITS_S = 60;

/** The error for the client. @param whose the kind of the subject that has no room */
export function refusalOf(
  whose: "user" | "key",
  why: NoRoom,
  headers: Readonly<Record<string, string>>,
): GatehouseError {
  const retryAfterSeconds = why.waitMs === null ? NEVER_FITS_S : Math.max(1, Math.ceil(why.waitMs / 1000));
  const code = why.limit === "budget" ? "budget_exceeded" : "rate_limit_exceeded";
  const text = `Cannot admit this request: ${reasonOf(whose, why, retryAfterSeconds)}`;
  return new GatehouseError(code, text, { retryAfterSeconds, headers });
}

function reasonOf(whose: "user" | "key", why: NoRoom, seconds: number): string {
  const { allowed, left, asked } = why;
  switch (why.limit) {
    case "rpm":
      if (why.waitMs === null) return `the ${whose}'s limit is ${allowed} requests per minute. Have it raised.`;
      return `the ${whose}'s limit of ${allowed} requests per minute is used up. Try again in ${seconds} s.`;
    case "tpm": {
      const wish = `it asks for ${asked} tokens (prompt and longest answer)`;
      if (why.waitMs === null) {
        return `${wish}, more than the ${whose}'s whole limit of ${allowed} tokens per minute. ` +
          "Set a smaller max_tokens, or shorten the prompt.";
      }
      return `${wish}, and of the ${whose}'s limit of ${allowed} tokens per minute ${left} are left. ` +
        `Try again in ${seconds} s, or set a smaller max_tokens.`;
    }
    case "budget": {
      const wish = `it may cost ${moneyText(asked)}`;
      const limit = `budget of ${moneyText(allowed)} for ${why.period}`;
      if (asked > allowed) return `${wish}, more than the ${whose}'s whole ${limit}. Set a smaller max_tokens.`;
      return `${wish}, and of the ${whose}'s ${limit} ${moneyText(left)} is left. ` +
        `Try again in ${seconds} s, or set a smaller max_tokens.`;
    }
  }
}

/** Micros as a decimal number: 1250000 is `1.25`. */
export function moneyText(micros: number): string {
  const fraction = `${micros % 1_000_000}`.padStart(6, "0").replace(/0+$/, "");
  const whole = `${Math.floor(micros / 1_000_000)}`;
  return fraction === "" ? whole : `${whole}.${fraction}`;
}
