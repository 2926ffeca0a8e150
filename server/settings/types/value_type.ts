/** What a parser answers: the value, or what it would have taken. */
export type Parsed<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly expected: string };

/** How the text of a variable becomes a value. */
export interface ValueType<T> {
  /** For people: completes "expected …". */
  readonly expected: string;
  /** True: the text never appears in a message. */
  readonly secret: boolean;
  /** Never throws, and its `expected` never repeats the text. */
  readonly parse: (text: string) => Parsed<T>;
  /** How a bad text is shown where the general rule would show too much. */
  readonly show?: (text: string) => string;
}

/** A type whose parser answers undefined for every text it does not take. */
export function valueType<T>(expected: string, parse: (text: string) => T | undefined): ValueType<T> {
  return {
    expected,
    secret: false,
    parse: (text) => {
      const value = parse(text);
      return value === undefined ? { ok: false, expected } : { ok: true, value };
    },
  };
}

/** The same type, its text hidden. */
export function hidden<T>(type: ValueType<T>): ValueType<T> {
  return { ...type, secret: true };
}
