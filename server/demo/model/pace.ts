/** How fast a model speaks: so many characters, then so many milliseconds of silence. */
export interface Pace {
  readonly characters: number;
  readonly ms: number;
}

const LIVELY: Pace = { characters: 16, ms: 15 };
/** Twenty tokens a second. */
const SLOW: Pace = { characters: 4, ms: 50 };
/** Some 12 KB a second, so that 200 KB are there in a quarter of a minute. */
const HURRIED: Pace = { characters: 96, ms: 8 };
const HURRIED_FROM = 8_192;

/** The longest that an answer given at once is waited for, unless it was to be slow. */
const MOST_WAIT_MS = 400;

/** The pace for an answer of `length` characters. */
export function paceFor(slow: boolean, length: number): Pace {
  if (slow) return SLOW;
  return length >= HURRIED_FROM ? HURRIED : LIVELY;
}

/** How long an answer that is not streamed takes, in milliseconds. */
export function thinkingTime(pace: Pace, length: number): number {
  const spoken = Math.ceil(length / pace.characters) * pace.ms;
  return pace === SLOW ? spoken : Math.min(spoken, MOST_WAIT_MS);
}
