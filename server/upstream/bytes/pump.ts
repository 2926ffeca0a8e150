import type { Timer } from "../../effects/mod.ts";
import { ERROR_RULES, type ErrorBody, type ErrorCode, GatehouseError } from "../../errors/mod.ts";
import type { Outcome, RelayOptions, RelayProgress } from "./relay_options.ts";
import type { Sieve } from "./sieve.ts";
import type { Watch } from "./watchdog.ts";

/** What we ourselves say into a stream; null where nothing can be said. */
export interface InBand {
  readonly ping: Uint8Array;
  readonly error: (body: ErrorBody) => Uint8Array;
}

/** A chunk that comes this soon after the last output waits for others, in milliseconds. */
const GATHER_MS = 1;
/** As much is gathered while the client is not taking, in bytes. */
const GATHER_BYTES = 16 * 1024;
/** How long a complete body may take to close by itself, so that its connection can be used again, in milliseconds. */
const CLOSE_MS = 100;

/**
 * Moves a body through a sieve. A chunk after a pause goes out at once; in a burst, chunks are gathered for a
 * millisecond, because each output costs more than the rest of the work.
 */
export class Pump {
  readonly stream: ReadableStream<Uint8Array>;
  readonly #controller: ReadableStreamDefaultController<Uint8Array>;
  readonly #source: ReadableStreamDefaultReader<Uint8Array>;
  readonly #sieve: Sieve;
  readonly #inBand: InBand | null;
  readonly #options: RelayOptions;
  readonly #deadline: number | null;
  #watch: Watch;
  #timer: Timer | null = null;
  #lastOutput = Number.NEGATIVE_INFINITY;
  #wanted = false;
  #reading = false;
  /** Not reading, because the client does not take. */
  #paused = false;
  #over = false;
  #gone = false;
  #begun = false;

  constructor(body: ReadableStream<Uint8Array>, sieve: Sieve, inBand: InBand | null, options: RelayOptions) {
    const { clock, limits } = options;
    this.#source = body.getReader();
    this.#sieve = sieve;
    this.#inBand = inBand;
    this.#options = options;
    this.#deadline = limits.total === 0 ? null : clock.monotonic() + limits.total;
    this.#watch = this.#startWatch();
    let controller: ReadableStreamDefaultController<Uint8Array> | null = null;
    this.stream = new ReadableStream<Uint8Array>({
      start: (given) => void (controller = given),
      pull: () => this.#pull(),
      cancel: () => this.#leave(),
    }, { highWaterMark: 0 });
    if (controller === null) throw new TypeError("ReadableStream called start() too late");
    this.#controller = controller;
    options.watch?.(() => this.#progress());
    options.client?.addEventListener("abort", this.#leave);
    options.interrupt?.addEventListener("abort", this.#interrupt);
    if (options.client?.aborted) this.#leave();
    else if (options.interrupt?.aborted) this.#interrupt();
  }

  #pull(): void {
    this.#wanted = true;
    if (this.#over) return;
    if (this.#timer === null) this.#flush();
    this.#read();
  }

  #read(): void {
    if (this.#reading || this.#over) return;
    if (!this.#wanted && this.#sieve.held >= GATHER_BYTES) {
      this.#paused = true;
      return;
    }
    if (this.#paused) this.#watch.touch();
    this.#paused = false;
    this.#reading = true;
    this.#source.read().then(this.#onRead, this.#onBroken);
  }

  readonly #onRead = ({ done, value }: ReadableStreamReadResult<Uint8Array>): void => {
    this.#reading = false;
    if (this.#over) return this.#onClosing(done);
    if (done) return this.#finish(true);
    if (!this.#begun) {
      this.#begun = true;
      this.#options.onFirstByte?.();
    }
    this.#watch.touch();
    this.#sieve.push(value);
    this.#consider();
    this.#read();
  };

  #consider(): void {
    if (!this.#wanted) return;
    const { clock } = this.#options;
    if (this.#sieve.held >= GATHER_BYTES) this.#flush();
    else if (this.#timer !== null) return;
    else if (clock.monotonic() - this.#lastOutput >= GATHER_MS) this.#flush();
    else this.#timer = clock.setTimeout(this.#onGathered, GATHER_MS);
  }

  readonly #onGathered = (): void => {
    this.#timer = null;
    if (this.#wanted) this.#flush();
  };

  #flush(): void {
    const bytes = this.#sieve.take();
    if (bytes !== null) this.#pass(bytes);
    if (this.#sieve.complete) this.#finish(false);
  }

  #pass(bytes: Uint8Array): void {
    this.#wanted = false;
    this.#lastOutput = this.#options.clock.monotonic();
    this.#say(bytes);
  }

  /** To enqueue can be to learn that the client is gone: the server then cancels the stream before it returns. */
  #say(bytes: Uint8Array): void {
    if (!this.#gone) this.#controller.enqueue(bytes);
  }

  #close(): void {
    if (!this.#gone) this.#controller.close();
  }

  /** The upstream's body is complete, by its end mark or its end. */
  #finish(isClosed: boolean): void {
    if (this.#over) return;
    this.#over = true;
    const { bytes, end } = this.#sieve.finish();
    if (bytes !== null) this.#pass(bytes);
    this.#end(end, end === "truncated" ? fault("upstream_truncated", "it ended before its end mark") : null);
    if (!isClosed) this.#closeUpstream();
  }

  #fail(outcome: Outcome, error: GatehouseError): void {
    if (this.#over) return;
    this.#over = true;
    const bytes = this.#sieve.take();
    if (bytes !== null) this.#pass(bytes);
    if (this.#sieve.complete) this.#end(this.#sieve.finish().end, null);
    else this.#end(outcome, error);
    this.#cancelUpstream();
  }

  /** The client is gone: the upstream shall know at once. */
  readonly #leave = (): void => {
    this.#gone = true;
    if (this.#over) return;
    this.#over = true;
    this.#cancelUpstream();
    this.#controller.error(new GatehouseError("client_closed_request", "The client left before the answer's end."));
    this.#settle("client_left");
  };

  readonly #onBroken = (): void => {
    this.#reading = false;
    if (this.#over) return this.#onClosing(true);
    this.#fail("upstream_failed", fault("upstream_failed", "the connection broke"));
  };

  readonly #interrupt = (): void => {
    const reason: unknown = this.#options.interrupt?.reason;
    const isTold = reason instanceof GatehouseError;
    this.#fail("interrupted", isTold ? reason : fault("upstream_failed", "it was interrupted"));
  };

  readonly #onTimeout = (limit: "silence" | "total"): void => {
    if (this.#over) return;
    // It is the client that keeps us waiting, not the upstream.
    if (limit === "silence" && !this.#reading) this.#watch = this.#startWatch();
    else if (limit === "silence") this.#fail("silent", fault("upstream_timeout", "no byte came for too long"));
    else this.#fail("over_total", fault("upstream_timeout", "it took longer than allowed in all"));
  };

  readonly #ping = (): void => {
    if (this.#over || !this.#wanted || this.#sieve.midway || this.#inBand === null) return;
    this.#wanted = false;
    this.#say(this.#inBand.ping.slice());
  };

  #startWatch(): Watch {
    const { clock, limits, watchdog } = this.#options;
    const total = this.#deadline === null ? 0 : Math.max(1, this.#deadline - clock.monotonic());
    return watchdog.watch({ ...limits, total }, this.#onTimeout, this.#ping);
  }

  #end(outcome: Outcome, error: GatehouseError | null): void {
    if (error === null) this.#close();
    else if (this.#inBand === null || this.#sieve.midway) this.#controller.error(error);
    else {
      this.#say(this.#inBand.error(error.toBody()));
      this.#close();
    }
    this.#settle(outcome);
  }

  #settle(outcome: Outcome): void {
    this.#watch.stop();
    this.#clearTimer();
    this.#options.client?.removeEventListener("abort", this.#leave);
    this.#options.interrupt?.removeEventListener("abort", this.#interrupt);
    this.#options.onEnd({ outcome, ...this.#progress() });
  }

  #progress(): RelayProgress {
    const { usage, contentBytes } = this.#sieve;
    return { usage, contentBytes };
  }

  #closeUpstream(): void {
    this.#timer = this.#options.clock.setTimeout(() => this.#cancelUpstream(), CLOSE_MS);
    if (this.#reading) return;
    this.#reading = true;
    this.#source.read().then(this.#onRead, this.#onBroken);
  }

  #cancelUpstream(): void {
    // It fails only if the body has failed already: then there is nothing left to tell.
    this.#source.cancel().catch(() => {});
  }

  #onClosing(done: boolean): void {
    this.#clearTimer();
    if (!done) this.#cancelUpstream();
  }

  #clearTimer(): void {
    if (this.#timer !== null) this.#options.clock.clearTimeout(this.#timer);
    this.#timer = null;
  }
}

function fault(code: ErrorCode, what: string): GatehouseError {
  return new GatehouseError(code, `Reading the model's answer: ${what}. ${ERROR_RULES[code].fix}`);
}
