/** What is dated further ahead than this, in milliseconds, was dated by a wrong clock and does not count. */
export const SKEW = 60_000;
