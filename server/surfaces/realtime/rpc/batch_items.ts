/**
 * The texts of an array's items, from the array's own text: each can then be read like a frame of its own. Pure.
 *
 * @param text one valid JSON array
 */
export function batchItems(text: string): readonly string[] {
  const items: string[] = [];
  let depth = 0;
  let start = 0;
  const close = (end: number) => {
    const item = text.slice(start, end).trim();
    if (item !== "") items.push(item);
    start = end + 1;
  };
  for (let i = 0; i < text.length; i++) {
    switch (text[i]) {
      case '"':
        i = endOfString(text, i);
        break;
      case "[":
      case "{":
        if (++depth === 1) start = i + 1;
        break;
      case "]":
      case "}":
        if (--depth === 0) close(i);
        break;
      case ",":
        if (depth === 1) close(i);
        break;
    }
  }
  return items;
}

/** The place of the closing quote. @param start the place of the opening one */
function endOfString(text: string, start: number): number {
  let i = start + 1;
  while (i < text.length && text[i] !== '"') i += text[i] === "\\" ? 2 : 1;
  return i;
}
