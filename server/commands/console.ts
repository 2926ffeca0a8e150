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
  const encoder = new TextEncoder();
  const isTerminal = Deno.stdout.isTerminal();
  const styled = isTerminal && !Deno.env.get("NO_COLOR");
  return {
    say: (line) => void Deno.stdout.writeSync(encoder.encode(`${line}\n`)),
    complain: (line) => void Deno.stderr.writeSync(encoder.encode(`${line}\n`)),
    isTerminal,
    bold: (text) => styled ? `\x1b[1m${text}\x1b[22m` : text,
    dim: (text) => styled ? `\x1b[2m${text}\x1b[22m` : text,
  };
}
