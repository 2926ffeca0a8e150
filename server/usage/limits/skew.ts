/** By how much clocks of machines on one store may differ, in milliseconds; what is further ahead was dated by a wrong one. */
export const SKEW = 60_000;
