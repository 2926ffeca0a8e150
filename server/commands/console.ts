/** Where a command speaks to the person at the terminal. Never for logs. */
export interface Console {
  /** One line to standard output. */
  say(line: string): void;
  /** One line to standard error. */
  complain(line: string): void;
  /** Whether standard output is a terminal. */
  readonly isTerminal: boolean;
  /** Bold where the terminal can. */
  bold(text: string): string;
  dim(text: string): string;
}

/** The process's own terminal. */
export function systemConsole(): Console {
  const isTerminal = Deno.stdout.isTerminal();
  const styled = isTerminal && !Deno.env.get("NO_COLOR");
  return {
    say: (line) => write(Deno.stdout, `${line}\n`),
    complain: (line) => write(Deno.stderr, `${line}\n`),
    isTerminal,
    bold: (text) => styled ? `\x1b[1m${text}\x1b[22m` : text,
    dim: (text) => styled ? `\x1b[2m${text}\x1b[22m` : text,
  };
}

/** All of it, or what a reader such as `head` still takes. */
function write(file: typeof Deno.stdout, text: string): void {
  const bytes = new TextEncoder().encode(text);
  try {
    for (let written = 0; written < bytes.length;) written += file.writeSync(bytes.subarray(written));
  } catch (error) {
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
}
