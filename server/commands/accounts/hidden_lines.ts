/** Somebody at the keyboard has asked to stop. */
export class GivenUp extends Error {
  override readonly name = "GivenUp";
}

/** A terminal that can be read key by key, with nothing shown of it. */
export interface Keyboard {
  /** What was typed since; null: nothing more will come. */
  read(): Promise<string | null>;
  /** Shows a prompt or the end of a line. */
  show(text: string): void;
}

const ENTER = new Set(["\r", "\n"]);
const ERASE = new Set(["\u007f", "\b"]);
/** Ctrl-C and Ctrl-D. */
const GIVE_UP = new Set(["\u0003", "\u0004"]);
const CLEAR = "\u0015";
const ESCAPE = "\u001b";

/**
 * Asks for lines of which nothing shows. What is typed or pasted beyond a line belongs to the next.
 *
 * @throws {GivenUp} on Ctrl-C and Ctrl-D, and when the keyboard is gone
 */
export async function hiddenLines(keyboard: Keyboard, prompts: readonly string[]): Promise<string[]> {
  const lines: string[] = [];
  let ahead: string[] = [];
  for (const prompt of prompts) {
    keyboard.show(prompt);
    const line: string[] = [];
    try {
      for (;;) {
        while (ahead.length === 0) ahead = await typed(keyboard);
        const [key = "", ...rest] = ahead;
        ahead = rest;
        if (GIVE_UP.has(key)) throw new GivenUp("Given up; nothing was changed.");
        if (ENTER.has(key)) break;
        if (ERASE.has(key)) line.pop();
        else if (key === CLEAR) line.length = 0;
        else if (key >= " ") line.push(key);
      }
    } finally {
      keyboard.show("\n");
    }
    lines.push(line.join(""));
  }
  return lines;
}

/** Arrow keys and their like come as one piece that begins with Escape: they are no part of a password. */
async function typed(keyboard: Keyboard): Promise<string[]> {
  const text = await keyboard.read();
  if (text === null) throw new GivenUp("Nothing more can be typed; nothing was changed.");
  return text.startsWith(ESCAPE) ? [] : [...text.replaceAll("\r\n", "\n")];
}
