import type { Hints } from "./hints.ts";
import { asNumber, type Schema } from "./schema.ts";

const FORMATS: Readonly<Record<string, string>> = {
  "date-time": "2026-01-01T12:00:00Z",
  "date": "2026-01-01",
  "time": "12:00:00Z",
  "duration": "PT1H",
  "email": "demo@example.com",
  "idn-email": "demo@example.com",
  "hostname": "example.com",
  "idn-hostname": "example.com",
  "ipv4": "192.0.2.1",
  "ipv6": "2001:db8::1",
  "uri": "https://example.com/",
  "url": "https://example.com/",
  "uri-reference": "/demo",
  "iri": "https://example.com/",
  "uuid": "00000000-0000-4000-8000-000000000000",
  "json-pointer": "/demo",
  "regex": "^demo$",
};

const SAMPLES = [
  "demo",
  "Demo",
  "DEMO",
  "a",
  "A",
  "1",
  "12",
  "123",
  "1234",
  "12345",
  "ABC",
  "AB",
  "abc-123",
  "ABC-123",
  "AB12",
  "v1.0.0",
  "1.0.0",
  "#336699",
  "2026-01-01",
  "12:00",
  "/demo",
  "demo.txt",
  "https://example.com/",
  "demo@example.com",
  "+15550100",
  "en",
  "en-US",
  "EUR",
];

/** Names of properties that want the whole request. */
const WHOLE = /query|prompt|question|message|text|input|content|body|description|search|instruction|expression/i;

/** A foreign pattern may backtrack without end on a longer text. */
const MOST_MATCHED = 24;

/** A string that fits `schema`; the hints' own words when one of them does. `nth` makes it differ among siblings. */
export function fitString(schema: Schema, name: string, hints: Hints, nth: number): string {
  const format = typeof schema.format === "string" ? FORMATS[schema.format] : undefined;
  const wanted = format !== undefined ? [format] : [...candidates(name, hints), ...SAMPLES];
  const fits = fitting(schema);
  const found = wanted.filter(fits);
  const first = found[nth] ?? found[0];
  if (first !== undefined && (nth === 0 || found[nth] !== undefined)) return first;
  if (schema.pattern !== undefined || format !== undefined) return first ?? stretch(wanted[0] ?? "demo", schema);
  return stretch(`demo-${nth}`, schema, nth);
}

function candidates(name: string, hints: Hints): string[] {
  const whole = hints.text.trim().slice(0, 500);
  const words = [...hints.quoted, ...hints.names];
  return (WHOLE.test(name) ? [...hints.quoted, whole, ...hints.names] : words).filter((word) => word !== "");
}

function fitting(schema: Schema): (text: string) => boolean {
  const [least, most] = lengths(schema);
  const pattern = patternOf(schema.pattern);
  return (text) => {
    const length = [...text].length;
    if (length < least || length > most) return false;
    return pattern === null || (length <= MOST_MATCHED && pattern.test(text));
  };
}

function patternOf(pattern: unknown): RegExp | null {
  if (typeof pattern !== "string") return null;
  try {
    return new RegExp(pattern, "u");
  } catch {
    return null;
  }
}

function stretch(text: string, schema: Schema, nth = 0): string {
  const [least, most] = lengths(schema);
  const long = text.padEnd(Math.min(least, 10_000), "x");
  if (long.length <= most) return long;
  return nth.toString(36).padStart(most, "x").slice(-most || Infinity).slice(0, most);
}

function lengths(schema: Schema): [least: number, most: number] {
  return [asNumber(schema.minLength) ?? 0, asNumber(schema.maxLength) ?? Infinity];
}
