import { parseArgs, type ParseArgsConfig } from "node:util";
import type { Budget } from "../../accounts/mod.ts";

/** What a command was told cannot be understood; the message says what it takes. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** What may follow a command's name. */
export interface ArgumentShape {
  /** How it is called, in lines of at most 80 characters: `user add <name> [--admin]`. */
  readonly usage: readonly string[];
  /** How many words without dashes it takes. */
  readonly words: number;
  /** Flags that stand alone. */
  readonly flags?: readonly string[];
  /** Flags that take a value. */
  readonly values?: readonly string[];
}

/** A command's arguments, read. */
export interface Arguments {
  readonly words: readonly string[];
  has(flag: string): boolean;
  value(name: string): string | null;
}

/** Reads arguments by their shape. @throws {UsageError} */
export function readArguments(args: readonly string[], shape: ArgumentShape): Arguments {
  const { flags = [], values = [], words, usage } = shape;
  const options: NonNullable<ParseArgsConfig["options"]> = {};
  for (const flag of flags) options[flag] = { type: "boolean" };
  for (const value of values) options[value] = { type: "string" };
  let parsed: { readonly values: Readonly<Record<string, unknown>>; readonly positionals: readonly string[] };
  try {
    parsed = parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
  } catch {
    // Its own message may repeat a value, and a value may be a secret in the wrong place.
    throw new UsageError(usageText(usage));
  }
  if (parsed.positionals.length !== words) throw new UsageError(usageText(usage));
  return {
    words: parsed.positionals,
    has: (flag) => parsed.values[flag] === true,
    value(name) {
      const value = parsed.values[name];
      return typeof value === "string" ? value : null;
    },
  };
}

function usageText([first = "", ...rest]: readonly string[]): string {
  return [`Usage: deno task gatehouse ${first}`, ...rest.map((line) => `  ${line}`)].join("\n");
}

/** The flags of limits, on users and keys alike. */
export const LIMIT_FLAGS = ["rpm", "tpm", "budget", "models"] as const;
/** How they are shown in a line of their own. */
export const LIMIT_USAGE = "[--rpm N] [--tpm N] [--budget AMOUNT/day|month] [--models a,b]";

/** The limits that are named; what is not named stays out. @throws {UsageError} */
export function limitsOf(args: Arguments): {
  readonly rpm?: number;
  readonly tpm?: number;
  readonly budget?: Budget;
  readonly models?: readonly string[];
} {
  const rpm = args.value("rpm");
  const tpm = args.value("tpm");
  const budget = args.value("budget");
  const models = args.value("models");
  return {
    ...(rpm === null ? {} : { rpm: wholeNumber("--rpm", rpm) }),
    ...(tpm === null ? {} : { tpm: wholeNumber("--tpm", tpm) }),
    ...(budget === null ? {} : { budget: budgetOf(budget) }),
    ...(models === null ? {} : { models: modelsOf(models) }),
  };
}

/** A whole number from 1 on. @throws {UsageError} */
export function wholeNumber(flag: string, text: string): number {
  const value = Number(text);
  if (/^\d{1,15}$/.test(text) && value >= 1) return value;
  throw new UsageError(`${flag} takes a whole number from 1 on`);
}

function budgetOf(text: string): Budget {
  const match = /^(\d{1,9}(?:\.\d{1,6})?)\/(day|month)$/.exec(text);
  if (match === null) throw new UsageError("--budget takes an amount and a period, such as 5/day or 120.50/month");
  const period = match[2] === "day" ? "day" : "month";
  return { amountMicros: Math.round(Number(match[1]) * 1_000_000), period };
}

/** An empty list would open no model at all, and 101 names are refused where the user is made already. */
function modelsOf(text: string): readonly string[] {
  const names = text.split(",").map((name) => name.trim()).filter((name) => name !== "");
  if (names.length >= 1 && names.length <= 100 && names.every((name) => name.length <= 200)) return names;
  throw new UsageError("--models takes 1 to 100 names separated by commas, of at most 200 characters each");
}

const UNITS: Readonly<Record<string, number>> = { h: 3_600_000, d: 86_400_000 };

/** When something ends: `30d`, `12h`, or an ISO 8601 date or time. @returns milliseconds since the epoch @throws {UsageError} */
export function expiryOf(text: string, now: number): number {
  const span = /^(\d{1,5})([hd])$/.exec(text);
  if (span !== null) return now + Number(span[1]) * (UNITS[span[2] ?? ""] ?? 0);
  const at = /^\d{4}-\d{2}-\d{2}(?:T[\d:.]+(?:Z|[+-]\d{2}:\d{2}))?$/.test(text) ? Date.parse(text) : NaN;
  if (Number.isNaN(at)) throw new UsageError("--expires takes 30d, 12h, or a date such as 2027-01-31");
  return at;
}
