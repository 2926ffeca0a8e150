import { Secret } from "../../secrets/mod.ts";
import { showHidden, showValue } from "../fault.ts";
import { hidden, type ValueType, valueType } from "./value_type.ts";

// deno-lint-ignore no-control-regex -- control characters are what it looks for
const CONTROL = /[\x00-\x1f\x7f]/;
const VISIBLE_ASCII = /^[\x21-\x7e]+$/;
const VARIABLE_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** One line, trimmed. */
export const line: ValueType<string> = valueType("one line of text", (text) => {
  const trimmed = text.trim();
  return trimmed === "" || CONTROL.test(trimmed) ? undefined : trimmed;
});

/** Any text, kept as it is. */
export const freeText: ValueType<string> = valueType("any text", (text) => text);

/** A path as the system takes it; `~` is the shell's and means nothing in a `.env`. */
export const path: ValueType<string> = valueType("a path, written in full (no leading ~)", (text) => {
  const trimmed = text.trim();
  return trimmed === "" || trimmed.startsWith("~") || CONTROL.test(trimmed) ? undefined : trimmed;
});

/** A key or token: it goes into a header, so visible ASCII only. */
export const token: ValueType<Secret> = hidden(
  valueType("a key or token: visible ASCII characters without spaces", (text) => {
    const trimmed = text.trim();
    return VISIBLE_ASCII.test(trimmed) ? new Secret(trimmed) : undefined;
  }),
);

/** A secret that is never trimmed. */
export const password: ValueType<Secret> = hidden(valueType("any text", (text) => new Secret(text)));

/** A secret of at least 32 bytes. */
export const longSecret: ValueType<Secret> = hidden(
  valueType("at least 32 bytes (`openssl rand -base64 32` makes some)", (text) => {
    return new TextEncoder().encode(text).length >= 32 ? new Secret(text) : undefined;
  }),
);

/** A 256-bit key in base64; 43 digits and the padding hold exactly 32 bytes. */
export const key256: ValueType<Secret> = hidden(
  valueType("the base64 of exactly 32 bytes (`openssl rand -base64 32` makes one)", (text) => {
    const digits = /^([A-Za-z0-9+/]{43})=?$/.exec(text.trim())?.[1];
    return digits === undefined ? undefined : new Secret(`${digits}=`);
  }),
);

/** The name of another variable. Keys get pasted here by mistake, so only what looks like a name is shown. */
export const variableName: ValueType<string> & { readonly show: (text: string) => string } = {
  ...valueType("the name of the variable that holds the API key, not the key itself", (text) => {
    const trimmed = text.trim();
    return VARIABLE_NAME.test(trimmed) ? trimmed : undefined;
  }),
  show: (text) => /^[A-Z][A-Z_]{0,40}$/.test(text) ? showValue(text) : showHidden(text),
};

/** One of a few words, in any case. */
export function oneOf<const W extends string>(...words: readonly W[]): ValueType<W> {
  return valueType(words.join(" or "), (text) => words.find((word) => word === text.trim().toLowerCase()));
}

/** Yes or no. */
export const flag: ValueType<boolean> = valueType("1 or 0", (text) => {
  const word = text.trim().toLowerCase();
  if (["1", "true", "yes", "on"].includes(word)) return true;
  return ["0", "false", "no", "off"].includes(word) ? false : undefined;
});
