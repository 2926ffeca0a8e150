/** A fenced code block whose fence is longer than any inside it. */
export function fenced(language: string, code: string): string {
  const longest = Math.max(2, ...[...code.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}${language}\n${code}\n${fence}`;
}

/** The beginning of `text`, marked where it was cut. */
export function shortened(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most).trimEnd()} …`;
}

/** A number as people read it: `12,345`. */
export function spelled(n: number): string {
  return n.toLocaleString("en");
}

/** `1 message`, `2 messages`. */
export function many(n: number, noun: string): string {
  return `${spelled(n)} ${noun}${n === 1 ? "" : "s"}`;
}
