/** How one check ended. Only `FAIL` makes the command fail; `skip` was not looked at. */
export type Verdict = "ok" | "warn" | "FAIL" | "skip";

/** One line for the person: what was looked at, what was found, what to do. Holds no secret. */
export interface Finding {
  readonly verdict: Verdict;
  readonly what: string;
  readonly found: string;
  /** Empty where there is nothing to mend, or `found` says it. */
  readonly fix: string;
}

export function ok(what: string, found: string): Finding {
  return { verdict: "ok", what, found, fix: "" };
}

export function warn(what: string, found: string, fix = ""): Finding {
  return { verdict: "warn", what, found, fix };
}

export function fail(what: string, found: string, fix = ""): Finding {
  return { verdict: "FAIL", what, found, fix };
}

export function skip(what: string, why: string): Finding {
  return { verdict: "skip", what, found: why, fix: "" };
}
