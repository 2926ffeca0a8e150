/** Limits in milliseconds; 0 means none. */
export interface WatchLimits {
  /** The longest time without a byte. */
  readonly silence: number;
  /** The longest time for the whole body. */
  readonly total: number;
  /** How much silence brings a ping, each time. */
  readonly every?: number;
}

/** A running watch. */
export interface Watch {
  /** A chunk came. Called for each, so it must cost next to nothing. */
  touch(): void;
  /** Ends the watch. */
  stop(): void;
}

/** Watches many streams with one timer: what a relay needs of it. */
export interface Watchdog {
  /** `onTimeout` comes once at most, and ends the watch; `onIdle` comes after each `limits.every` of silence. */
  watch(limits: WatchLimits, onTimeout: (which: "silence" | "total") => void, onIdle?: () => void): Watch;
}
