import { readBody } from "../../network/mod.ts";
import type { Examination } from "./effects.ts";

const MAX_BYTES = 8 * 1024 * 1024;

/** An answer's JSON object; null for any other body. @throws {NetworkError}, {BodyTooLargeError} */
export async function readObject(
  { effects: { watchdog } }: Examination,
  response: Response,
  signal: AbortSignal,
): Promise<Readonly<Record<string, unknown>> | null> {
  const body = await readBody(response, { maxBytes: MAX_BYTES, silence: 5_000, watchdog, signal });
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(body));
    return typeof value === "object" && value !== null ? { ...value } : null;
  } catch {
    return null;
  }
}

/** A foreign text where it is a plain name that may be shown; else null. */
export function plainName(value: unknown): string | null {
  return typeof value === "string" && /^[\w.:/@+-]{1,64}$/.test(value) ? value : null;
}
