import type { Console } from "../console.ts";
import type { Finding, Verdict } from "./finding.ts";

/** As wide as the longest name of a check. */
const COLUMN = 14;
const INDENT = COLUMN + 10;

/**
 * A finding as a person reads it: the verdict, what was looked at, what was found, and below it what to do.
 *
 * @param width where lines are broken, in characters; Infinity: nowhere
 */
export function lines(
  { verdict, what, found, fix }: Finding,
  { bold, dim }: Pick<Console, "bold" | "dim">,
  width: number,
): string[] {
  const room = Math.max(40, width - INDENT);
  const mark = verdict.padEnd(4);
  const shown = verdict === "FAIL" || verdict === "warn" ? bold(mark) : dim(mark);
  const [first = "", ...rest] = wrap(found, room);
  const [todo = "", ...more] = wrap(fix, room - 2);
  const indent = " ".repeat(INDENT);
  return [
    `${shown}  ${what.padEnd(COLUMN)}  ${dim("—")} ${first}`,
    ...rest.map((line) => indent + line),
    ...(todo === "" ? [] : [`${indent}${dim("→")} ${todo}`]),
    ...more.map((line) => `${indent}  ${line}`),
  ];
}

function wrap(text: string, width: number): string[] {
  const wrapped: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > width) {
      wrapped.push(line);
      line = word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  return [...wrapped, line];
}

/** The last line. */
export function summary(verdicts: readonly Verdict[]): string {
  const failed = verdicts.filter((verdict) => verdict === "FAIL").length;
  const warned = verdicts.filter((verdict) => verdict === "warn").length;
  const warnings = warned === 0 ? "" : warned === 1 ? ", 1 warning" : `, ${warned} warnings`;
  if (failed === 0) return `Nothing fails${warnings}.`;
  const fails = failed === 1 ? "1 check fails" : `${failed} checks fail`;
  return `${fails}${warnings}. Begin with the first: the others may come of it.`;
}
