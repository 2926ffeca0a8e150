import { GatehouseError } from "../../errors/mod.ts";
import type { Watch, Watchdog } from "../../network/mod.ts";

/** What reading an answer is given. */
export interface ReadOptions {
  /** Keeps the limits. */
  readonly watchdog: Watchdog;
  /** The longest time without a byte, in milliseconds; 0: no limit. */
  readonly silence: number;
  /** Ends the reading. */
  readonly signal: AbortSignal;
  /** The upstream's name, for messages. */
  readonly upstream: string;
  /** Takes the credential out of a failure that the upstream reports. @default {nothing is looked for} */
  readonly clean?: (text: string) => string;
}

/** How long a complete body may take to close by itself, so that its connection can be used again, in milliseconds. */
const CLOSE_MS = 100;

/** The chunks of an answer's body. Nothing is read before it is asked for; every failure is one of ours. */
export class BodyChunks {
  readonly #source: ReadableStreamDefaultReader<Uint8Array>;
  readonly #options: ReadOptions;
  #watch: Watch;
  #reading = false;
  #stopped: { readonly reason: unknown } | null = null;

  constructor(body: ReadableStream<Uint8Array>, options: ReadOptions) {
    this.#source = body.getReader();
    this.#options = options;
    this.#watch = this.#startWatch();
    options.signal.addEventListener("abort", this.#onAbort, { once: true });
    if (options.signal.aborted) this.#onAbort();
  }

  /**
   * The next chunk; null at the end.
   *
   * @throws {GatehouseError} `upstream_timeout`, `upstream_failed`
   * @throws the signal's reason
   */
  async read(): Promise<Uint8Array | null> {
    this.#watch.touch();
    this.#reading = true;
    try {
      const { done, value } = await this.#source.read();
      if (this.#stopped === null) return done ? null : value;
    } catch {
      // A foreign error may hold a URL; what it says is that the connection is gone.
      this.#stopped ??= { reason: broken(this.#options.upstream) };
    } finally {
      this.#reading = false;
    }
    throw this.#stopped.reason;
  }

  /** Stops for good: what is left of the body is not wanted. */
  leave(): void {
    this.#settle();
    this.#cancel();
  }

  /** Stops for good where only the end of the body is missing: it is read in the background. */
  finish(): void {
    this.#settle();
    const watch = this.#options.watchdog.watch({ silence: 0, total: CLOSE_MS }, () => this.#cancel());
    this.#readToEnd().finally(() => watch.stop());
  }

  async #readToEnd(): Promise<void> {
    try {
      while (!(await this.#source.read()).done);
    } catch {
      // All that was wanted of it is here.
    }
  }

  readonly #onAbort = (): void => this.#stop(this.#options.signal.reason);

  #stop(reason: unknown): void {
    this.#stopped ??= { reason };
    this.leave();
  }

  #settle(): void {
    this.#watch.stop();
    this.#options.signal.removeEventListener("abort", this.#onAbort);
  }

  #cancel(): void {
    this.#source.cancel().catch(() => {}); // it fails only if the body has failed already
  }

  #startWatch(): Watch {
    const { watchdog, silence, upstream } = this.#options;
    return watchdog.watch({ silence, total: 0 }, () => {
      // It is our reader that keeps us waiting, not the upstream.
      if (this.#reading) this.#stop(silent(upstream, silence));
      else this.#watch = this.#startWatch();
    });
  }
}

function broken(name: string): GatehouseError {
  return new GatehouseError(
    "upstream_failed",
    `Cannot use the answer of upstream ${name}: the connection broke; try again`,
  );
}

function silent(name: string, ms: number): GatehouseError {
  return new GatehouseError(
    "upstream_timeout",
    `Gave up waiting for upstream ${name}: no byte came for ${
      ms / 1000
    } s within its answer; raise LLM_REQUEST_TIMEOUT or ask for less`,
  );
}
