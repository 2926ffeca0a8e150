/** What can be picked out of a prompt to fill arguments with. */
export interface Hints {
  readonly text: string;
  /** `"Paris"`, `'x'`, `` `y` ``: what stands in quotes. */
  readonly quoted: readonly string[];
  /** Names after *in*, *at*, *for*, *from*, *to*. */
  readonly names: readonly string[];
  readonly numbers: readonly number[];
}

const MOST = 20;

/** Reads the hints of a prompt. */
export function hintsOf(text: string): Hints {
  const head = text.slice(0, 4_000);
  return {
    text,
    quoted: all(head, /"([^"\n]{1,80})"|“([^”\n]{1,80})”|`([^`\n]{1,80})`/g),
    names: all(head, /\b(?:in|at|for|from|to|of)\s+(\p{Lu}[\p{L}\p{M}'-]*(?:\s\p{Lu}[\p{L}\p{M}'-]*){0,3})/gu),
    numbers: [...new Set(all(head, /(?<![\w.])(-?\d{1,12}(?:\.\d{1,6})?)(?![\w])/g).map(Number))],
  };
}

function all(text: string, pattern: RegExp): string[] {
  const found: string[] = [];
  for (const match of text.matchAll(pattern)) {
    const value = match.slice(1).find((group) => group !== undefined);
    if (value !== undefined && found.length < MOST) found.push(value);
  }
  return found;
}
