const encoder = new TextEncoder();

/**
 * A value that cannot be printed by accident: every way of turning it into text gives a short fingerprint instead.
 * {@linkcode Secret.reveal} is the one way to the value, so that a search for it lists every place that uses one.
 */
export class Secret {
  readonly #value: string;

  /** Keeps `value`. */
  constructor(value: string) {
    this.#value = value;
  }

  /** The value itself. Only for a header, a form body, or a cipher. */
  reveal(): string {
    return this.#value;
  }

  /** Eight hexadecimal digits that tell two secrets apart and nothing more. */
  get fingerprint(): string {
    return fnv1a(this.#value);
  }

  /** Compares in a time that tells nothing of where two values differ. */
  equals(other: Secret): boolean {
    const a = encoder.encode(this.#value);
    const b = encoder.encode(other.#value);
    let difference = a.length ^ b.length;
    for (let i = 0; i < b.length; i++) difference |= (a[i % a.length] ?? 0) ^ (b[i] ?? 0);
    return difference === 0;
  }

  /** The fingerprint in brackets. */
  toString(): string {
    return `[secret ${this.fingerprint}]`;
  }

  /** The fingerprint in brackets. */
  toJSON(): string {
    return this.toString();
  }

  /** The fingerprint in brackets. */
  [Symbol.toPrimitive](): string {
    return this.toString();
  }

  /** The fingerprint in brackets, for Deno's console. */
  [Symbol.for("Deno.customInspect")](): string {
    return this.toString();
  }

  /** The fingerprint in brackets, for `node:util`. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
}

/** 32 bits are too few to search a strong secret by, and enough to see that a token has changed. */
function fnv1a(text: string): string {
  let hash = 0x811c9dc5;
  for (const byte of encoder.encode(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, "0");
}
