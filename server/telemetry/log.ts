/** From chatty to grave. */
export type LogLevel = "debug" | "info" | "warn" | "error";

/** What a log line may carry. A {@linkcode Secret} prints as its fingerprint; never put a foreign error object in. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Where rooms write what happened. `message` is a constant phrase; what varies goes into `fields`. */
export interface Logger {
  /** What only a search for a fault needs. */
  debug(message: string, fields?: LogFields): void;
  /** What happened. */
  info(message: string, fields?: LogFields): void;
  /** What may need somebody's attention. */
  warn(message: string, fields?: LogFields): void;
  /** What failed and needs mending. */
  error(message: string, fields?: LogFields): void;
  /** A logger that adds `fields` to every line. */
  with(fields: LogFields): Logger;
  /** False when a line of this level would go nowhere: saves building its fields. */
  enabled(level: LogLevel): boolean;
}

/** A logger that says nothing. */
export const silentLogger: Logger = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  with: () => silentLogger,
  enabled: () => false,
};
