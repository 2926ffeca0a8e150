/** One suite of the end-to-end run. */
export interface Suite {
  readonly name: string;
  /** File in this folder. */
  readonly file: string;
}

/**
 * In the order in which they begin, two at a time: the two long loads side by side, then the heavy ones, then the light
 * ones, which fill what is left.
 */
export const SUITES: readonly Suite[] = [
  "rotation_one",
  "rotation_three",
  "kill",
  "misbehaving",
  "abort",
  "conversation_kill",
  "conversation_grace",
  "access_kill",
  "access_revocation",
  "access_remote",
  "access_logins",
  "access_limits",
  "takeover",
  "conversation_drain",
  "conversation_processes",
  "conversation_resume",
  "conversation_strangers",
  "realtime_readers",
  "realtime_leave",
  "realtime_hostile",
  "realtime_fuzz",
  "realtime_crowd",
  "realtime_clients",
  "realtime_access",
  "canary",
  "canary_accounts",
  "canary_trace",
  "demo",
  "bundle",
  "clients",
].map((name) => ({ name, file: `${name}_test.ts` }));
