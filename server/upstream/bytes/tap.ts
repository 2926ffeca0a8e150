import { ContentBytes } from "./content_bytes.ts";
import type { ByteDialect, Usage } from "./dialect.ts";
import { Gather } from "./gather.ts";
import { usageOfTail } from "./json_usage.ts";
import { latin1 } from "./latin1.ts";
import { Pump } from "./pump.ts";
import type { RelayOptions } from "./relay_options.ts";
import type { BodyEnd, Sieve } from "./sieve.ts";

/** How many of the last bytes are kept to find the usage in. */
const TAIL_BYTES = 16 * 1024;

/** What a tap is given beside. */
export interface TapOptions extends RelayOptions {
  /**
   * False: nothing but the end of the connection ends the body, so that one without its closing brace was cut.
   * @default true
   */
  readonly framed?: boolean;
  /** What the answer speaks. */
  readonly dialect: ByteDialect;
}

/**
 * Passes a JSON answer on that is too long to be kept, and reads the `usage` that stands near its end. A failure errors
 * the stream: within JSON nothing can be said.
 *
 * `contentBytes` counts every string of the model's in what was passed on, not only those within `choices`: where an
 * answer quotes its sources under the same names, it is too high.
 */
export function tapJson(body: ReadableStream<Uint8Array>, options: TapOptions): ReadableStream<Uint8Array> {
  return new Pump(body, new JsonTail(options.dialect, options.framed ?? true), null, options).stream;
}

class JsonTail implements Sieve {
  readonly #dialect: ByteDialect;
  readonly #framed: boolean;
  readonly #gather = new Gather();
  readonly #tail = new Gather();
  readonly #content = new ContentBytes();
  readonly midway = true;
  readonly complete = false;
  usage: Usage | null = null;

  constructor(dialect: ByteDialect, framed: boolean) {
    this.#dialect = dialect;
    this.#framed = framed;
  }

  get held(): number {
    return this.#gather.length;
  }

  get contentBytes(): number {
    return this.#content.count;
  }

  push(chunk: Uint8Array): void {
    this.#gather.append(chunk);
    this.#tail.append(chunk.subarray(Math.max(0, chunk.length - TAIL_BYTES)));
    if (this.#tail.length > 4 * TAIL_BYTES) this.#tail.drop(this.#tail.length - TAIL_BYTES);
  }

  take(): Uint8Array | null {
    if (this.#gather.length === 0) return null;
    const bytes = this.#gather.bytes.slice();
    this.#gather.drop(bytes.length);
    this.#content.read(latin1(bytes));
    return bytes;
  }

  finish(): { bytes: Uint8Array | null; end: BodyEnd } {
    this.usage = usageOfTail(this.#dialect, this.#tail.bytes);
    return { bytes: this.take(), end: this.#framed || this.#closes() ? "done" : "truncated" };
  }

  #closes(): boolean {
    return latin1(this.#tail.bytes.subarray(-64)).trimEnd().endsWith("}");
  }
}
