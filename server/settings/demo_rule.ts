import { isLoopbackHost } from "./loopback.ts";
import type { Values } from "./values.ts";

/**
 * What keeps the demo from running: empty means that it runs. `DEMO` has the last word; else the demo is for a machine
 * on which nothing about a model is set and which nobody else can reach.
 */
export function demoBlockers(values: Values): string[] {
  const wish = values.get("DEMO");
  if (wish !== null) return wish ? [] : ["DEMO=0"];
  const blockers = modelNames(values).map((name) => `${name} is set`);
  if (!isLoopbackHost(values.get("HOST"))) blockers.push("HOST is not loopback");
  if (values.get("AUTH") !== "auto") blockers.push("AUTH is not auto");
  if (values.isSet("DENO_KV_URL")) blockers.push("DENO_KV_URL is set");
  return blockers;
}

/** The variables that say that a model of one's own is wanted. Misspelled ones say it too. */
export function modelNames(values: Values): string[] {
  return values.names().filter((name) => /^(OAUTH|LLM)_/.test(name) || name === "API_KEY_ENV_VAR");
}
