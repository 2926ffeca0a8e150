const SMALLEST = 1024;
const LARGEST = 64 * 1024;

/**
 * Reads an upstream's body with a buffer of its own that fits what comes. The body of a `fetch` would else make and
 * zero 64 KiB for every chunk, which costs more than all the rest of the relay.
 */
export class Source {
  readonly #byob: ReadableStreamBYOBReader | null;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array> | ReadableStreamBYOBReader;
  #buffer: ArrayBufferLike = new ArrayBuffer(SMALLEST);

  constructor(body: ReadableStream<Uint8Array>) {
    this.#byob = byobReader(body);
    this.#reader = this.#byob ?? body.getReader();
  }

  /** The next bytes. They are valid until they are given to {@linkcode recycle}. */
  read(): Promise<ReadableStreamReadResult<Uint8Array>> {
    if (this.#byob === null) {
      // The reader is the default one where there is no other.
      return (this.#reader as ReadableStreamDefaultReader<Uint8Array>).read();
    }
    return this.#byob.read(new Uint8Array(this.#buffer));
  }

  /** Takes back the bytes of the last read, of which nothing is needed any more. */
  recycle(chunk: Uint8Array): void {
    if (this.#byob === null) return;
    const size = chunk.buffer.byteLength;
    if (chunk.length === size && size < LARGEST) this.#buffer = new ArrayBuffer(size * 4);
    else if (size > SMALLEST && chunk.length < size / 16) this.#buffer = new ArrayBuffer(size / 4);
    else this.#buffer = chunk.buffer;
  }

  /** Tells the upstream that no more is wanted. */
  cancel(): void {
    // It fails only if the body has failed already: then there is nothing left to tell.
    this.#reader.cancel().catch(() => {});
  }
}

function byobReader(body: ReadableStream<Uint8Array>): ReadableStreamBYOBReader | null {
  try {
    return body.getReader({ mode: "byob" });
  } catch (cause) {
    if (cause instanceof TypeError && !body.locked) return null;
    throw cause;
  }
}
