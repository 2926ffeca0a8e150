/** A text in a fenced code block (CommonMark §4.5); the fence is longer than any run of backticks within. */
export function fenced(text: string, info: string): string {
  let longest = 2;
  for (const [run] of text.matchAll(/`+/g)) longest = Math.max(longest, run.length);
  const fence = "`".repeat(longest + 1);
  return `${fence}${info}\n${text}${text === "" || text.endsWith("\n") ? "" : "\n"}${fence}`;
}

/**
 * The text as it is; where it leaves a fence open, as a reply does that was cut off, one more line closes it: what
 * follows is no code. That line is indented as the fence is, which may stand in a list.
 */
export function withFenceClosed(text: string): string {
  let open: { readonly indent: string; readonly fence: string } | null = null;
  for (const [, indent = "", fence = "", rest = ""] of text.matchAll(/^( {0,3})(`{3,}|~{3,})(.*)$/gm)) {
    if (open === null) {
      // With a backtick behind it, it is a code span.
      if (fence.startsWith("~") || !rest.includes("`")) open = { indent, fence };
    } else if (fence.startsWith(open.fence) && rest.trim() === "") open = null;
  }
  return open === null ? text : `${text}${text.endsWith("\n") ? "" : "\n"}${open.indent}${open.fence}`;
}
