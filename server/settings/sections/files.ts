import { showValue } from "../fault.ts";
import type { SettingsSource } from "../source.ts";
import type { Values } from "../values.ts";

type FileVariable = "CA_FILE" | "CLIENT_CERT_FILE" | "CLIENT_KEY_FILE" | "PRICES_FILE";

/** What a file means, or what is wrong in it. */
export type ParsedFile<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly found: string; readonly expected: string };

/** Reads the files that settings name; what cannot be read is a fault of the setting. */
export class Files {
  readonly #values: Values;
  readonly #source: SettingsSource;

  constructor(values: Values, source: SettingsSource) {
    this.#values = values;
    this.#source = source;
  }

  /** The file's text; null if the variable is unset, or after a fault. */
  read(name: FileVariable, expected: string, isGood: (text: string) => boolean): string | null {
    return this.parse(
      name,
      expected,
      (text) => isGood(text) ? { ok: true, value: text } : { ok: false, found: "other contents", expected },
    );
  }

  /** What the file's text means; null if the variable is unset, or after a fault. */
  parse<T>(name: FileVariable, expected: string, parse: (text: string) => ParsedFile<T>): T | null {
    const path = this.#values.get(name);
    if (path === null) return null;
    const text = this.#text(name, path, expected);
    if (text === null) return null;
    const parsed = parse(text);
    if (parsed.ok) return parsed.value;
    this.#values.fault(name, `${showValue(path)} with ${parsed.found}`, parsed.expected);
    return null;
  }

  #text(name: FileVariable, path: string, expected: string): string | null {
    try {
      return this.#source.readTextFile(path);
    } catch (error) {
      // The kind alone: the message repeats the path, and is not ours to vouch for.
      const kind = error instanceof Error ? error.name : "unreadable";
      this.#values.fault(name, `${showValue(path)} (${kind})`, expected);
      return null;
    }
  }
}
