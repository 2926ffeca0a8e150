import { showValue } from "../fault.ts";
import type { SettingsSource } from "../source.ts";
import type { Values } from "../values.ts";

type FileVariable = "CA_FILE" | "CLIENT_CERT_FILE" | "CLIENT_KEY_FILE" | "PRICES_FILE";

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
    const path = this.#values.get(name);
    if (path === null) return null;
    try {
      const text = this.#source.readTextFile(path);
      if (isGood(text)) return text;
      this.#values.fault(name, `${showValue(path)} with other contents`, expected);
    } catch (error) {
      // The kind alone: the message repeats the path, and is not ours to vouch for.
      const kind = error instanceof Error ? error.name : "unreadable";
      this.#values.fault(name, `${showValue(path)} (${kind})`, expected);
    }
    return null;
  }
}
