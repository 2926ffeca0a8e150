import { GatehouseError } from "../../errors/mod.ts";
import type { Budget } from "../limits.ts";
import type { KeyFacts } from "./key_record.ts";
import type { KeyChange } from "./keys.ts";

const MOST_MODELS = 100;
/** What moves the cursor, ends a line or turns the direction of writing can make a list show what is not there. */
const UNPRINTABLE = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}]/u;
/** The last moment that a `Date` can name, in milliseconds. */
const END_OF_TIME = 8.64e15;

/**
 * Demands that the fields of a new or changed key are possible.
 *
 * @param action for the message, such as `create the key`
 * @throws {GatehouseError} `invalid_field`
 */
export function demandFields({ name, models, rpm, tpm, budget, expiresAt }: KeyChange, action: string): void {
  const refuse = (param: string, why: string): never => {
    throw new GatehouseError("invalid_field", `Cannot ${action}: ${why}`, { param });
  };
  if (name !== undefined && !isText(name, 100)) refuse("name", "name must be 1 to 100 printable characters");
  if (models && !(models.length <= MOST_MODELS && models.every((model) => isText(model, 200)))) {
    refuse("models", `models must be at most ${MOST_MODELS} names of 1 to 200 printable characters each`);
  }
  for (const [param, value] of [["rpm", rpm], ["tpm", tpm]] as const) {
    if (!isWhole(value, 1)) refuse(param, `${param} must be a whole number from 1 on; to stop a key, disable it`);
  }
  if (!isBudget(budget)) {
    refuse("budget", "budget must be a whole number of micro-units from 0 to 2^53 - 1 for each day or month");
  }
  if (!isWhole(expiresAt, 0) || (expiresAt ?? 0) > END_OF_TIME) refuse("expires_at", "expires_at must be a date");
}

/** A key after a change. What is absent stays. */
export function changed(facts: KeyFacts, change: KeyChange): KeyFacts {
  const { models, budget } = change;
  return {
    ...facts,
    name: change.name ?? facts.name,
    disabled: change.disabled ?? facts.disabled,
    models: models === undefined ? facts.models : models && [...models],
    limits: {
      rpm: change.rpm === undefined ? facts.limits.rpm : change.rpm,
      tpm: change.tpm === undefined ? facts.limits.tpm : change.tpm,
      budget: budget === undefined
        ? facts.limits.budget
        : budget && { amountMicros: budget.amountMicros, period: budget.period },
    },
    expiresAt: change.expiresAt === undefined ? facts.expiresAt : change.expiresAt,
  };
}

function isText(value: string, longest: number): boolean {
  return value.trim() !== "" && value.length <= longest && !UNPRINTABLE.test(value);
}

function isWhole(value: number | null | undefined, least: number): boolean {
  return value === null || value === undefined || Number.isSafeInteger(value) && value >= least;
}

function isBudget(value: Budget | null | undefined): boolean {
  if (value === null || value === undefined) return true;
  return Number.isSafeInteger(value.amountMicros) && value.amountMicros >= 0 && ["day", "month"].includes(value.period);
}
