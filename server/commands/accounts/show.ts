import type { Limits } from "../../accounts/mod.ts";

/** Limits in a few words, in the names of the flags that set them. */
export function limitsText({ rpm, tpm, budget }: Limits): string {
  const parts = [
    ...(rpm === null ? [] : [`${rpm} rpm`]),
    ...(tpm === null ? [] : [`${tpm} tpm`]),
    ...(budget === null ? [] : [`${moneyText(budget.amountMicros)}/${budget.period}`]),
  ];
  return parts.length === 0 ? "-" : parts.join(", ");
}

/** The models that are open, by name. */
export function modelsText(models: readonly string[] | null): string {
  return models === null ? "all" : models.length === 0 ? "none" : models.join(",");
}

/** Millionths as a decimal: at least two places, and as many as there are. */
export function moneyText(micros: number): string {
  const [whole = "0", rest = ""] = (micros / 1_000_000).toFixed(6).split(".");
  return `${whole}.${rest.replace(/0{1,4}$/, "")}`;
}

/** A day, or a dash. */
export function dayText(ms: number | null): string {
  return ms === null ? "-" : new Date(ms).toISOString().slice(0, 10);
}

/** A time to the minute, UTC, or `never`. */
export function timeText(ms: number | null): string {
  return ms === null ? "never" : `${new Date(ms).toISOString().slice(0, 16).replace("T", " ")}`;
}
