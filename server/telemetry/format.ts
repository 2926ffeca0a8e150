import type { LogLevel } from "./log.ts";
import type { Plain } from "./redact.ts";

/** One line before it is text. All of it is redacted already. */
export interface LogRecord {
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: Readonly<Record<string, Plain>>;
}

// Everything that could end a line, move a cursor or turn the reading direction: C0, DEL and C1, separators, bidi marks.
// deno-lint-ignore no-control-regex -- control characters are what it is about
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;
const RESERVED: ReadonlySet<string> = new Set(["time", "level", "message"]);
const BARE = /^[\w.:/@+%,-]+$/;
const COLORS: Readonly<Record<LogLevel, string>> = { debug: "90", info: "36", warn: "33", error: "31" };

/** A line for a pipe or a file: one JSON object, `{time, level, message, ...fields}`, with its line end. */
export function formatJson(record: LogRecord): string {
  // Put together by hand: an object made of foreign names takes a third longer to print.
  let line = `{"time":"${new Date(record.time).toISOString()}","level":"${record.level}"`;
  line += `,"message":${JSON.stringify(record.message)}`;
  for (const name in record.fields) {
    line += `,${JSON.stringify(RESERVED.has(name) ? `${name}_` : name)}:${JSON.stringify(record.fields[name])}`;
  }
  return `${escape(line)}}\n`;
}

/** A line for a terminal: `12:01:05.123Z INFO  message key=value`, with its line end. The time is UTC. */
export function formatText(record: LogRecord, color: boolean): string {
  const paint = (text: string, code: string) => color ? `\x1b[${code}m${text}\x1b[0m` : text;
  const time = new Date(record.time).toISOString().slice(11);
  let line = `${paint(time, "90")} ${paint(record.level.toUpperCase().padEnd(5), COLORS[record.level])} `;
  line += escape(record.message);
  for (const [name, value] of Object.entries(record.fields)) line += ` ${paint(`${bare(name)}=`, "90")}${bare(value)}`;
  return `${line}\n`;
}

function bare(value: Plain): string {
  return typeof value === "string" && BARE.test(value) ? value : escape(JSON.stringify(value));
}

function escape(text: string): string {
  return text.search(UNPRINTABLE) < 0
    ? text
    : text.replace(UNPRINTABLE, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
