import { VARIABLES } from "./variables/mod.ts";

const OWN_PREFIXES = ["OAUTH_", "LLM_", "GATEHOUSE_"];

/**
 * Warnings for names that look like ours and are not: mostly a slip of the fingers.
 *
 * @param names all variables that are set
 * @param keyVariable the variable that `API_KEY_ENV_VAR` names: free to be called anything
 */
export function warnOfUnknownNames(names: readonly string[], keyVariable: string | null): string[] {
  return names
    .filter((name) => OWN_PREFIXES.some((prefix) => name.toUpperCase().startsWith(prefix)))
    .filter((name) => !Object.hasOwn(VARIABLES, name) && name !== keyVariable)
    .map((name) => `${name} is not a setting of Gatehouse and is ignored: did you mean ${nearest(name)}?`);
}

function nearest(name: string): string {
  const wanted = name.toUpperCase();
  // GATEHOUSE_PORT is an attempt at PORT; the other prefixes are seldom the part that is wrong.
  const attempts = [wanted, wanted.replace(/^GATEHOUSE_/, "")];
  const prefix = /^(OAUTH_|LLM_)?/.exec(wanted)?.[0] ?? "";
  const candidates = Object.keys(VARIABLES).filter((known) => known.startsWith(prefix));
  const distance = (known: string) => {
    // OAUTH_TOKEN is OAUTH_TOKEN_URL cut short, though OAUTH_HOST has fewer letters to change.
    if (known.startsWith(`${wanted}_`)) return 1;
    return Math.min(...attempts.map((attempt) => editDistance(attempt, known)));
  };
  return candidates.reduce((best, known) => distance(known) < distance(best) ? known : best);
}

/** Levenshtein's distance, one row at a time. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (const [index, letter] of [...a].entries()) {
    const next = [index + 1];
    for (let column = 1; column <= b.length; column++) {
      const replaced = (row[column - 1] ?? 0) + (b[column - 1] === letter ? 0 : 1);
      next.push(Math.min(replaced, (row[column] ?? 0) + 1, (next[column - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
