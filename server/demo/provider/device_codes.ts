import type { Clock } from "../../effects/mod.ts";
import { type Random, randomToken, sha256 } from "../random.ts";

/** A device that waits for a person (RFC 8628). */
export interface DeviceRequest {
  readonly clientId: string;
  readonly scope: string;
  readonly userCode: string;
  state: "pending" | "approved" | "denied";
}

interface Entry extends DeviceRequest {
  readonly end: number;
  interval: number;
  polledAt: number | null;
}

/** How a poll of the token endpoint ended (RFC 8628 §3.5). */
export type Poll =
  | { readonly state: "approved"; readonly clientId: string; readonly scope: string }
  | { readonly state: "unknown" | "pending" | "slow_down" | "denied" | "expired" };

const LIFETIME_MS = 600_000;
const INTERVAL_MS = 2_000;
const SLOW_DOWN_MS = 5_000;
/** A timer may fire a little early. */
const EARLY_MS = 100;
/** Sixteen letters that spell no words and are not taken for digits: one byte gives one without bias. */
const LETTERS = "BCDFGHJKMNPQRSTX";

/** Device codes in their three states, forgotten one lifetime after their end. */
export class DeviceCodes {
  readonly #clock: Clock;
  readonly #random: Random;
  /** By the hash of the device code, oldest first. */
  readonly #entries = new Map<string, Entry>();

  constructor(clock: Clock, random: Random) {
    this.#clock = clock;
    this.#random = random;
  }

  /** Begins a request; times are in seconds. */
  begin(
    clientId: string,
    scope: string,
  ): { deviceCode: string; userCode: string; expiresIn: number; interval: number } {
    const now = this.#clock.monotonic();
    for (const [hash, entry] of this.#entries) if (entry.end + LIFETIME_MS <= now) this.#entries.delete(hash);
    const deviceCode = randomToken(this.#random);
    const userCode = [...this.#random(8)].map((byte) => LETTERS.charAt(byte % LETTERS.length)).join("");
    const end = now + LIFETIME_MS;
    const entry: Entry = { clientId, scope, userCode, state: "pending", end, interval: INTERVAL_MS, polledAt: null };
    this.#entries.set(sha256(deviceCode), entry);
    return { deviceCode, userCode: dashed(userCode), expiresIn: LIFETIME_MS / 1000, interval: INTERVAL_MS / 1000 };
  }

  /** The request that still waits under this user code, however it was typed; null if there is none. */
  find(typed: string): DeviceRequest | null {
    const code = typed.toUpperCase().replaceAll(/[^A-Z]/g, "");
    const now = this.#clock.monotonic();
    for (const entry of this.#entries.values()) {
      if (entry.userCode === code && entry.state === "pending" && entry.end > now) return entry;
    }
    return null;
  }

  /** A device asks. Asking too early costs 5 s more between polls, for good. An approval is handed out once. */
  poll(deviceCode: string): Poll {
    const hash = sha256(deviceCode);
    const entry = this.#entries.get(hash);
    if (entry === undefined) return { state: "unknown" };
    const now = this.#clock.monotonic();
    if (entry.end <= now) return { state: "expired" };
    const early = entry.polledAt !== null && now - entry.polledAt < entry.interval - EARLY_MS;
    entry.polledAt = now;
    if (early) {
      entry.interval += SLOW_DOWN_MS;
      return { state: "slow_down" };
    }
    if (entry.state !== "approved") return { state: entry.state };
    this.#entries.delete(hash);
    return { state: "approved", clientId: entry.clientId, scope: entry.scope };
  }
}

/** `BCDFGHJK` as people read it: `BCDF-GHJK`. */
export function dashed(userCode: string): string {
  return `${userCode.slice(0, 4)}-${userCode.slice(4)}`;
}
