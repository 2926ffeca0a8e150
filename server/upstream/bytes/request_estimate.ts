import type { Scan } from "./json_scan.ts";
import { promptBytes } from "./prompt_bytes.ts";

/** What a request may take, before the upstream has counted. */
export interface RequestEstimate {
  /** What it gives the model to read, in tokens, of {@linkcode BYTES_PER_TOKEN} each. */
  readonly promptTokens: number;
  /** The most that it lets the model write, in tokens and for each choice; null if it sets no limit. */
  readonly maxOutput: number | null;
  /** How many answers it asks for. */
  readonly choices: number;
}

/** Bytes of text (UTF-8) that count as one token where the upstream does not say. */
export const BYTES_PER_TOKEN = 4;

/** More choices than any upstream gives. */
const MOST_CHOICES = 1000;

/**
 * Estimates a chat request from its fields. It never throws: what is of a wrong type is the upstream's to refuse.
 *
 * @param fields the members of the request, as parsed JSON
 */
export function estimateRequest(fields: Readonly<Record<string, unknown>>): RequestEstimate {
  return {
    promptTokens: Math.ceil(promptBytes(fields) / BYTES_PER_TOKEN),
    maxOutput: limit(fields.max_completion_tokens) ?? limit(fields.max_tokens),
    // Some servers write more answers than they give.
    choices: Math.max(readChoices(fields.n), readChoices(fields.best_of)),
  };
}

/** Every field that is read. */
export const FIELDS = [
  "messages",
  "tools",
  "functions",
  "response_format",
  "max_completion_tokens",
  "max_tokens",
  "n",
  "best_of",
];

/**
 * The estimate of a request that is there as bytes, made when it is first asked for and then kept. From then on it does
 * not hold the bytes any more.
 *
 * @param bytes the request
 * @param scan what `scanObject(bytes)` found
 */
export function lazyEstimate(bytes: Uint8Array, scan: Scan): () => RequestEstimate {
  let known: Source | RequestEstimate = { bytes, scan };
  return () => {
    if ("scan" in known) known = estimateRequest(readFields(known));
    return known;
  };
}

interface Source {
  readonly bytes: Uint8Array;
  readonly scan: Scan;
}

function readFields({ bytes, scan }: Source): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  for (const name of FIELDS) {
    const span = scan.members.get(name);
    if (span !== undefined) fields[name] = JSON.parse(new TextDecoder().decode(bytes.subarray(span.start, span.end)));
  }
  return fields;
}

function limit(value: unknown): number | null {
  if (typeof value !== "number" || !Number.isFinite(value) || value < 0) return null;
  return Math.min(Math.ceil(value), Number.MAX_SAFE_INTEGER);
}

function readChoices(value: unknown): number {
  return typeof value === "number" && Number.isInteger(value) && value >= 1 ? Math.min(value, MOST_CHOICES) : 1;
}
