import { SOAK_VARIABLE } from "./options.ts";

/** How much the suites of WebSockets do: what fits into a build, or the full counts. */
export interface RealtimeCounts {
  /** How often several readers stop reading at once. */
  readonly stops: number;
  /** Clients that vanish in each phase. */
  readonly leavers: number;
  /** Connections that are sent random bytes. */
  readonly fuzzed: number;
  /** Handshakes that never finish. */
  readonly unfinished: number;
  /** WebSockets that are open at once, with one turn each. */
  readonly crowd: number;
}

const BUILD: RealtimeCounts = { stops: 2, leavers: 40, fuzzed: 150, unfinished: 300, crowd: 100 };
const SOAK: RealtimeCounts = { stops: 20, leavers: 1_000, fuzzed: 5_000, unfinished: 5_000, crowd: 1_000 };

/** Whether this run does the full counts. */
export const isSoak: boolean = Deno.env.get(SOAK_VARIABLE) === "1";

/** The counts of this run. */
export const counts: RealtimeCounts = isSoak ? SOAK : BUILD;
