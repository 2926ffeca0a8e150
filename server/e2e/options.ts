/** How much each suite does: the counts that fit into a build, or the full ones of the survival targets. */
export interface Counts {
  /** Length of the rotation load, in milliseconds. */
  readonly rotationMs: number;
  /** Rounds of `kill -9` through the refresh, and how many at a time. */
  readonly killRounds: number;
  readonly killsAtATime: number;
  /** Clients that leave, per phase, and how many at a time. */
  readonly abortsPerPhase: number;
  readonly abortsAtATime: number;
  /** Streams that are open when SIGTERM comes. */
  readonly drainStreams: number;
}

const BUILD: Counts = {
  rotationMs: 60_000,
  killRounds: 40,
  killsAtATime: 4,
  abortsPerPhase: 200,
  abortsAtATime: 20,
  drainStreams: 200,
};

const SOAK: Counts = {
  rotationMs: 1_000 * 2_000,
  killRounds: 500,
  killsAtATime: 4,
  abortsPerPhase: 2_500,
  abortsAtATime: 20,
  drainStreams: 200,
};

/** The variable by which the runner tells its suites to do the full counts. */
export const SOAK_VARIABLE = "GATEHOUSE_E2E_SOAK";

/** The counts of this run. */
export const counts: Counts = Deno.env.get(SOAK_VARIABLE) === "1" ? SOAK : BUILD;
