const SMALLEST = 1024;

/** Bytes that are gathered at one end and taken from the other. */
export class Gather {
  #buffer = new Uint8Array(0);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** What is gathered; valid until the next change. */
  get bytes(): Uint8Array {
    return this.#buffer.subarray(0, this.#length);
  }

  append(chunk: Uint8Array): void {
    const needed = this.#length + chunk.length;
    if (needed > this.#buffer.length) this.#grow(needed);
    this.#buffer.set(chunk, this.#length);
    this.#length = needed;
  }

  /** Forgets the first `count` bytes, and the memory when it was far more than was needed. */
  drop(count: number): void {
    const isOversized = this.#buffer.length > SMALLEST && this.#length < this.#buffer.length / 8;
    if (isOversized) this.#buffer = this.#buffer.slice(count, this.#length);
    else this.#buffer.copyWithin(0, count, this.#length);
    this.#length -= count;
  }

  #grow(needed: number): void {
    const grown = new Uint8Array(Math.max(SMALLEST, needed, this.#buffer.length * 2));
    grown.set(this.bytes);
    this.#buffer = grown;
  }
}
