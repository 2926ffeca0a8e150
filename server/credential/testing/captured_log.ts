import type { LogFields, Logger } from "../../telemetry/mod.ts";

/** A logger that keeps every line as it was handed over, before any redaction but the secrets' own. */
export interface CapturedLog extends Logger {
  readonly lines: readonly string[];
}

export function capturedLog(): CapturedLog {
  const lines: string[] = [];
  const at = (level: string) => (message: string, fields: LogFields = {}) => {
    lines.push(`${level} ${message} ${Deno.inspect(fields, { depth: 10, strAbbreviateSize: 1e6 })}`);
  };
  const log: CapturedLog = {
    lines,
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    with: () => log,
    enabled: () => true,
  };
  return log;
}
