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
  /** Times that each limit is met by more requests than fit, by one process and by three. */
  readonly limitRounds: number;
  /** Times that a server dies in the middle of metered streams. */
  readonly meteredKills: number;
  /** Times that each way to take access away is tried. */
  readonly revocationRounds: number;
  /** Access tokens that end in the hands of a remote client. */
  readonly expiries: number;
  /** Whether ten seconds are spent on a refresh token's grace. */
  readonly waitsForGrace: boolean;
  /** Loads of logins beside open streams. */
  readonly loginRounds: number;
}

const BUILD: Counts = {
  rotationMs: 60_000,
  killRounds: 40,
  killsAtATime: 4,
  abortsPerPhase: 200,
  abortsAtATime: 20,
  drainStreams: 200,
  limitRounds: 1,
  meteredKills: 4,
  revocationRounds: 1,
  expiries: 2,
  waitsForGrace: false,
  loginRounds: 1,
};

const SOAK: Counts = {
  rotationMs: 1_000 * 2_000,
  killRounds: 500,
  killsAtATime: 4,
  abortsPerPhase: 2_500,
  abortsAtATime: 20,
  drainStreams: 200,
  limitRounds: 50,
  meteredKills: 100,
  revocationRounds: 50,
  expiries: 100,
  waitsForGrace: true,
  loginRounds: 20,
};

/** The variable by which the runner tells its suites to do the full counts. */
export const SOAK_VARIABLE = "GATEHOUSE_E2E_SOAK";

/** The counts of this run. */
export const counts: Counts = Deno.env.get(SOAK_VARIABLE) === "1" ? SOAK : BUILD;
