import type { Clock } from "../../effects/mod.ts";
import type { Store } from "../../storage/mod.ts";
import type { Logger } from "../../telemetry/mod.ts";
import type { Presence } from "../presence.ts";
import type { Eraser } from "./eraser.ts";

/** What all parts of a library stand on. */
export interface Ground {
  /** Where everything lies. */
  readonly store: Store;
  /** Who of the processes is alive. */
  readonly presence: Presence;
  /** Dates messages and spreads tries. */
  readonly clock: Clock;
  /** Makes ids and spreads tries; from 0 up to 1. */
  readonly random: () => number;
  /** Never told what was said. */
  readonly log: Logger;
  /** Erases what is hidden or deleted. */
  readonly eraser: Eraser;
}
