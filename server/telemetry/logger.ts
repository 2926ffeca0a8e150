import type { Clock } from "../effects/mod.ts";
import { formatJson, formatText, type LogRecord } from "./format.ts";
import type { LogFields, Logger, LogLevel } from "./log.ts";
import { FieldNames, redactFields, redactText } from "./redact.ts";
import type { LogSink } from "./sink.ts";

/** What {@linkcode createLogger} is made of. */
export interface LoggerOptions {
  /** Lines below it go nowhere. `debug` also prints the stacks of errors. */
  readonly level: LogLevel;
  /** Where lines go. */
  readonly sinks: readonly LogSink[];
  /** Dates the lines. */
  readonly clock: Clock;
  /** Colours in lines for a terminal. @default {on a terminal, and without `NO_COLOR`} */
  readonly color?: boolean;
}

/** A logger with an end. */
export interface RootLogger extends Logger {
  /** Resolves when all lines so far are written, or could not be. Never rejects. */
  flush(): Promise<void>;
  /** Flushes, and takes no more lines. Never rejects. */
  close(): Promise<void>;
}

const RANK: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3 };

/**
 * The logger of the process. Whatever the fields hold, no line carries a secret, spans two lines or passes for
 * another, and no call throws: see {@linkcode redactFields}.
 */
export function createLogger({ level, sinks, clock, color }: LoggerOptions): RootLogger {
  const outlets = sinks.map((sink) => new Outlet(sink, color ?? (Deno.stderr.isTerminal() && !Deno.noColor)));
  const redaction = { stacks: level === "debug", names: new FieldNames() };
  const enabled = (of: LogLevel) => RANK[of] >= RANK[level] && outlets.length > 0;
  const emit = (of: LogLevel, message: string, fields: readonly LogFields[]) => {
    const plain = redactFields(fields, redaction);
    const record = { time: clock.now(), level: of, message: redactText(message), fields: plain };
    for (const outlet of outlets) outlet.put(record);
  };
  const logger = (bound: readonly LogFields[]): Logger => {
    const at = (of: LogLevel) => (message: string, fields?: LogFields) => {
      if (enabled(of)) emit(of, message, fields === undefined ? bound : [...bound, fields]);
    };
    return {
      debug: at("debug"),
      info: at("info"),
      warn: at("warn"),
      error: at("error"),
      with: (fields) => logger([...bound, fields]),
      enabled,
    };
  };
  return {
    ...logger([]),
    flush: async () => void await Promise.all(sinks.map((sink) => sink.flush())),
    close: async () => void await Promise.all(sinks.map((sink) => sink.close())),
  };
}

/** A sink and how many lines it could not take: the next one it takes is preceded by the count. */
class Outlet {
  readonly #sink: LogSink;
  readonly #color: boolean;
  #lost = 0;

  constructor(sink: LogSink, color: boolean) {
    this.#sink = sink;
    this.#color = color;
  }

  put(record: LogRecord): void {
    if (this.#lost > 0) {
      const fields = { lost: this.#lost };
      if (this.#write({ time: record.time, level: "warn", message: "log lines were lost", fields })) this.#lost = 0;
    }
    if (!this.#write(record)) this.#lost++;
  }

  #write(record: LogRecord): boolean {
    const line = this.#sink.format === "json" ? formatJson(record) : formatText(record, this.#color);
    return this.#sink.write(line, record.level);
  }
}
