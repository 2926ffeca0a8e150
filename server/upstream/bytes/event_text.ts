/** The `data` of one event (WHATWG HTML, server-sent events), its lines joined; null if it has none. */
export function dataOf(event: string): string | null {
  let data: string | null = null;
  for (const line of linesOf(event)) {
    if (line !== "data" && !line.startsWith("data:")) continue;
    const value = line.slice(line.startsWith("data: ") ? 6 : 5);
    data = data === null ? value : `${data}\n${value}`;
  }
  return data;
}

/** Whether these lines hold nothing but comments: to lose them is to lose nothing. */
export function isOnlyComment(lines: string): boolean {
  return linesOf(lines).every((line) => line === "" || line.startsWith(":"));
}

function linesOf(text: string): string[] {
  return text.replace(BYTE_ORDER_MARK, "").split(/\r\n|\n|\r/);
}

/** U+FEFF as its UTF-8 bytes look when read as Latin-1. Only the first event of a stream can begin with it. */
const BYTE_ORDER_MARK = /^\u00ef\u00bb\u00bf/;
