import type { LogLevel } from "./log.ts";

/** Where lines go. No sink ever throws or rejects: a log that cannot be written must not stop the server. */
export interface LogSink {
  /** How it wants its lines. */
  readonly format: "text" | "json";
  /** Takes a whole line with its line end, and writes it later; false: too much is waiting, the line is lost. */
  write(line: string, level: LogLevel): boolean;
  /** Resolves when all lines taken so far are written, or one attempt has failed. */
  flush(): Promise<void>;
  /** Flushes, then takes no more lines. */
  close(): Promise<void>;
}

/** Characters that may wait in a sink whose far side is stuck. */
export const MAX_WAITING = 4 * 1024 * 1024;
