/** One row of the table: a target, what was measured, and whether it holds. */
export interface Line {
  readonly what: string;
  readonly target: string;
  readonly measured: string;
  /** Null: nothing to judge, or the side that would be judged is missing. */
  readonly ok: boolean | null;
  /** Absolute figures: they belong to this machine and this run. */
  readonly background: string;
}

/** A row that could not be measured, with the reason. */
export function missing(what: string, target: string, reason: string): Line {
  return { what, target, measured: "not measured", ok: null, background: reason.split("\n", 1).join() };
}

/** A Markdown table. */
export function table(lines: readonly Line[]): string {
  const rows = lines.map((line) => [
    line.what,
    line.target,
    line.measured,
    line.ok === null ? "–" : line.ok ? "ok" : "**short**",
    line.background,
  ]);
  const head = ["what", "target", "measured", "", "background (this machine, this run)"];
  return [head, head.map(() => "---"), ...rows]
    .map((cells) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`)
    .join("\n");
}

/** Two decimals and the sign that says it is a ratio. */
export function ratio(value: number): string {
  return `${value.toFixed(2)} ×`;
}

/** Milliseconds with two decimals. */
export function ms(value: number): string {
  return `${value.toFixed(2)} ms`;
}

/** Thousands per second. */
export function perSecond(value: number): string {
  return `${(value / 1000).toFixed(1)} k/s`;
}
