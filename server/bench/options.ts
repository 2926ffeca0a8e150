/** What the command line asks for. */
export interface Options {
  readonly help: boolean;
  /** Shorter rounds: under two minutes in all. */
  readonly quick: boolean;
  /** Names of rows; null: all. */
  readonly only: readonly string[] | null;
  /** Install Portkey's gateway if it is missing. */
  readonly withPortkey: boolean;
}

export const HELP = (rows: readonly string[]) =>
  `deno task bench [--quick] [--only row,row] [--with-portkey]
  --quick         shorter rounds: under two minutes
  --only          these rows alone: ${rows.join(", ")}
  --with-portkey  install Portkey's gateway from npm into .cache/bench and measure beside it`;

/** Reads the command line; a text says what is wrong with it. */
export function parseOptions(args: readonly string[], rows: readonly string[]): Options | string {
  let options: Options = { help: false, quick: false, only: null, withPortkey: false };
  for (let index = 0; index < args.length; index++) {
    const arg = args[index];
    if (arg === "--help") options = { ...options, help: true };
    else if (arg === "--quick") options = { ...options, quick: true };
    else if (arg === "--with-portkey") options = { ...options, withPortkey: true };
    else if (arg === "--only") {
      const only = (args[++index] ?? "").split(",");
      const unknown = only.find((name) => !rows.includes(name));
      if (unknown !== undefined) return `--only: there is no row "${unknown}". Rows: ${rows.join(", ")}`;
      options = { ...options, only };
    } else return `Unknown argument ${arg}\n${HELP(rows)}`;
  }
  return options;
}
