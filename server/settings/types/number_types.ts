import { type ValueType, valueType } from "./value_type.ts";

const DAY_SECONDS = 86_400;
const YEAR_MINUTES = 525_600;
/** The year 5138: a greater number of seconds is a number of milliseconds. */
const LAST_EPOCH_SECOND = 1e11;
const ISO_INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/i;

/** A decimal number without exponent. */
function decimal(text: string): number | undefined {
  return /^\d+(\.\d+)?$/.test(text.trim()) ? Number(text) : undefined;
}

/** A whole number within both bounds. */
export function integer(min: number, max: number = Number.MAX_SAFE_INTEGER): ValueType<number> {
  const bounds = max === Number.MAX_SAFE_INTEGER ? `${min} or more` : `${min} to ${max}`;
  return valueType(`a whole number, ${bounds}`, (text) => {
    const value = /^\d+$/.test(text.trim()) ? Number(text) : NaN;
    return value >= min && value <= max ? value : undefined;
  });
}

/** A number within both bounds. */
export function number(min: number, max: number): ValueType<number> {
  return valueType(`a number, ${min} to ${max}`, (text) => {
    const value = decimal(text) ?? NaN;
    return value >= min && value <= max ? value : undefined;
  });
}

function duration(unit: string, unitMs: number, max: number, zero: boolean): ValueType<number> {
  const bounds = zero ? `0 to ${max}` : `more than 0, up to ${max}`;
  return valueType(`a number of ${unit}, ${bounds}`, (text) => {
    const value = decimal(text) ?? NaN;
    const ms = Math.round(value * unitMs);
    return value <= max && (ms > 0 || (zero && value === 0)) ? ms : undefined;
  });
}

/** Seconds, up to a day (longer timers overflow); the value is milliseconds. */
export const seconds: ValueType<number> = duration("seconds", 1000, DAY_SECONDS, false);

/** Seconds where 0 has a meaning of its own; the value is milliseconds. */
export const secondsOrZero: ValueType<number> = duration("seconds", 1000, DAY_SECONDS, true);

/** Minutes, up to a year; the value is milliseconds. */
export const minutes: ValueType<number> = duration("minutes", 60_000, YEAR_MINUTES, false);

/** A size in bytes. */
export const bytes: ValueType<number> = valueType("a number of bytes, more than 0 (20971520, 20MiB, 512K)", (text) => {
  const [, digits, unit] = /^(\d+)\s*([kmg])?(?:ib)?$/i.exec(text.trim()) ?? [];
  const power = ["", "k", "m", "g"].indexOf(unit?.toLowerCase() ?? "");
  const value = Number(digits) * 1024 ** power;
  return value > 0 && Number.isSafeInteger(value) ? value : undefined;
});

/** A moment; the value is milliseconds since the epoch. */
export const instant: ValueType<number> = valueType(
  "a time in ISO 8601 with its zone (2030-01-31T12:00:00Z), or seconds since 1970",
  (text) => {
    const trimmed = text.trim();
    const epoch = decimal(trimmed);
    if (epoch !== undefined) return epoch < LAST_EPOCH_SECOND ? Math.round(epoch * 1000) : undefined;
    const ms = ISO_INSTANT.test(trimmed) ? Date.parse(trimmed) : NaN;
    return Number.isNaN(ms) ? undefined : ms;
  },
);
