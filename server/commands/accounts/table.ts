/** Rows as lines of aligned columns under a head. @param right the columns, from 0, that hold numbers */
export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  right: readonly number[] = [],
): string[] {
  const widths = head.map((name, i) => Math.max(widthOf(name), ...rows.map((row) => widthOf(row[i] ?? ""))));
  return [head, ...rows].map((row) =>
    row.map((cell, i) => {
      const gap = " ".repeat(Math.max(0, (widths[i] ?? 0) - widthOf(cell)));
      return right.includes(i) ? gap + cell : cell + gap;
    }).join("  ").trimEnd()
  );
}

/** Letters that take two cells of a terminal: names may be of any script. */
const WIDE = /[\p{Script=Han}\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}]/u;

/** In cells of a terminal. */
function widthOf(text: string): number {
  let width = 0;
  for (const letter of text.replaceAll(/\p{M}/gu, "")) width += WIDE.test(letter) ? 2 : 1;
  return width;
}
