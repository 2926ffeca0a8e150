import type { Hints } from "./hints.ts";
import { asNumber, type Schema } from "./schema.ts";

/** A number that fits `schema`: one of the prompt's if it can be, else the one nearest to 1. */
export function fitNumber(schema: Schema, integer: boolean, hints: Hints, nth: number): number {
  const step = asNumber(schema.multipleOf) ?? (integer ? 1 : 0);
  const [low, high] = bounds(schema, step || 0.5);
  const fits = (n: number) =>
    n >= low && n <= high && (!integer || Number.isInteger(n)) && (step === 0 || isMultiple(n, step));
  const said = hints.numbers.filter(fits)[nth];
  if (said !== undefined) return said;
  const near = Math.min(Math.max(1, low), high);
  if (step === 0) return between(near + nth, low, high);
  const up = Math.ceil(near / step) * step + nth * step;
  const down = Math.floor(high / step) * step;
  const value = up <= high ? up : Math.max(down, Math.ceil(low / step) * step);
  return Number(value.toPrecision(15));
}

function bounds(schema: Schema, step: number): [low: number, high: number] {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum } = schema;
  const above = limit(minimum, exclusiveMinimum, -Infinity, Math.max);
  const below = limit(maximum, exclusiveMaximum, Infinity, Math.min);
  if (!above.open && !below.open) return [above.at, below.at];
  // Open ends are moved inwards by a step, or by a quarter of the room there is.
  const inwards = Math.min(step, (below.at - above.at) / 4);
  return [above.open ? above.at + inwards : above.at, below.open ? below.at - inwards : below.at];
}

/** Draft 4 wrote `exclusiveMinimum: true` beside `minimum`; since draft 6 it is the bound itself. */
function limit(closed: unknown, open: unknown, none: number, tighter: (a: number, b: number) => number) {
  const at = asNumber(closed) ?? none;
  if (open === true) return { at, open: true };
  const edge = asNumber(open);
  if (edge === undefined) return { at, open: false };
  return tighter(at, edge) === edge ? { at: edge, open: true } : { at, open: false };
}

function between(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high);
}

function isMultiple(n: number, step: number): boolean {
  const times = n / step;
  return Math.abs(times - Math.round(times)) < 1e-9;
}
