import type { ByteDialect, Usage } from "./dialect.ts";
import { scanObject } from "./json_scan.ts";
import { concat } from "./splice.ts";

/** Reads the top-level `usage` of a whole JSON answer; null if there is none that can be read. */
export function usageOfJson(dialect: ByteDialect, bytes: Uint8Array): Usage | null {
  const scan = scanObject(bytes);
  const span = scan.ok ? scan.members.get("usage") : undefined;
  if (span === undefined) return null;
  return dialect.readUsage(JSON.parse(new TextDecoder().decode(bytes.subarray(span.start, span.end))));
}

/** How many places in a tail are tried. */
const TRIES = 8;

/**
 * Reads the top-level `usage` of a JSON answer of which only the last bytes are at hand. The tail from a `"usage"` on
 * is top-level exactly if it makes a whole object behind an opening brace.
 */
export function usageOfTail(dialect: ByteDialect, tail: Uint8Array): Usage | null {
  const text = new TextDecoder("latin1").decode(tail);
  let at = text.lastIndexOf('"usage"');
  for (let tried = 0; at >= 0 && tried < TRIES; tried++) {
    const usage = usageOfJson(dialect, concat([Uint8Array.of(0x7b), tail.subarray(at)]));
    if (usage !== null) return usage;
    at = at === 0 ? -1 : text.lastIndexOf('"usage"', at - 1);
  }
  return null;
}
