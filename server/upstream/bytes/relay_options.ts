import type { Clock } from "../../effects/mod.ts";
import type { Usage } from "./dialect.ts";
import type { Watchdog, WatchLimits } from "./watchdog.ts";

/** How a relay ended. */
export type Outcome =
  | "done"
  | "client_left"
  /** The body broke, or the upstream reported a failure in-band. */
  | "upstream_failed"
  /** The body ended before its end mark. */
  | "truncated"
  | "silent"
  | "over_total"
  /** We ended it ourselves, by `options.interrupt`. */
  | "interrupted";

/** What is known when a relay has ended. */
export interface RelayEnd {
  /** How it ended. */
  readonly outcome: Outcome;
  /** The last count the upstream gave, if any. */
  readonly usage: Usage | null;
  /** UTF-8 bytes of what the model said in what was passed on: text, reasoning, refusals, arguments of tools. */
  readonly contentBytes: number;
}

/** A relay as it runs, for counts that are recorded before it ends. */
export type RelayProgress = Omit<RelayEnd, "outcome">;

/** What a relay is given. */
export interface RelayOptions {
  /** Gathers bursts and times the end. */
  readonly clock: Clock;
  /** Keeps the limits. */
  readonly watchdog: Watchdog;
  /** From the relay's beginning on, in milliseconds. */
  readonly limits: WatchLimits;
  /** The client's side: its abort counts as the client leaving, also where the upstream's body fails first for it. */
  readonly client?: AbortSignal;
  /** Ends the relay as a failure would. The reason must be a {@linkcode GatehouseError}: it is told to the client. */
  readonly interrupt?: AbortSignal;
  /** Called when the first byte came. */
  readonly onFirstByte?: () => void;
  /**
   * Called once at the beginning, with a function that tells how far the relay has come whenever it is asked, also after
   * the end. It keeps the relay in memory: forget it at the end.
   */
  readonly watch?: (read: () => RelayProgress) => void;
  /** Called exactly once. None of these callbacks may throw. */
  readonly onEnd: (end: RelayEnd) => void;
}
