import { GatehouseError } from "../errors/mod.ts";

/** Before the key, which may be empty: a cursor never is. */
const MARK = "k";

/** A cursor that stands after the group of this key. */
export function cursorOf(key: string): string {
  return new TextEncoder().encode(MARK + key).toBase64({ alphabet: "base64url", omitPadding: true });
}

/** The key that a cursor stands after. @throws {GatehouseError} `invalid_field` (`cursor`) */
export function keyOfCursor(cursor: string): string {
  const text = textOf(cursor);
  if (text !== null && text.startsWith(MARK)) return text.slice(MARK.length);
  throw new GatehouseError(
    "invalid_field",
    "Cannot go on with the list: `cursor` is not one of its cursors. Take `next_cursor` of the page before, or none.",
    { param: "cursor" },
  );
}

function textOf(cursor: string): string | null {
  try {
    const bytes = Uint8Array.fromBase64(cursor, { alphabet: "base64url" });
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}
