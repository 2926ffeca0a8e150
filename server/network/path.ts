import type { Clock } from "../effects/mod.ts";
import type { Dial } from "./dial.ts";
import { type Failure, readFailure } from "./failure.ts";
import type { Route } from "./routes.ts";

/** A success this recent, in milliseconds, makes a probe needless. */
const WARM = 60_000;

/** What every path of one client shares. */
export interface PathContext {
  readonly clock: Clock;
  readonly dial: Dial;
  /** Milliseconds for TCP and TLS; 0: no limit. */
  readonly connectionTimeout: number;
  /** Aborts when the client is closed. */
  readonly closing: AbortSignal;
}

/** One route to one origin, and what is known of it. */
export class Path {
  readonly route: Route;
  readonly #origin: URL;
  readonly #context: PathContext;
  #provenAt = -Infinity;
  #probe: Promise<Failure | null> | null = null;

  constructor(route: Route, origin: URL, context: PathContext) {
    this.route = route;
    this.#origin = origin;
    this.#context = context;
  }

  /** Whether it worked so lately that no probe is needed. */
  get warm(): boolean {
    return this.#context.clock.monotonic() - this.#provenAt < WARM;
  }

  /** An answer came this way. */
  proven(): void {
    this.#provenAt = this.#context.clock.monotonic();
  }

  /** It failed: the next request probes again. */
  doubt(): void {
    this.#provenAt = -Infinity;
  }

  /** Tries a connection; all who ask meanwhile share it, and none who leaves ends it. Null: it answers. */
  probe(): Promise<Failure | null> {
    this.#probe ??= this.#knock().finally(() => this.#probe = null);
    return this.#probe;
  }

  async #knock(): Promise<Failure | null> {
    const { clock, dial, connectionTimeout, closing } = this.#context;
    if (closing.aborted) return CLOSED;
    const controller = new AbortController();
    let stopped: Failure | null = null;
    const stop = (why: Failure) => {
      stopped ??= why;
      controller.abort();
    };
    const onClose = () => stop(CLOSED);
    closing.addEventListener("abort", onClose, { once: true });
    const timer = connectionTimeout > 0
      ? clock.setTimeout(() => stop(timedOut(connectionTimeout)), connectionTimeout)
      : null;
    try {
      // A name lookup cannot be aborted, so the dial is left behind rather than waited for.
      await Promise.race([dial(this.route.knock(this.#origin), controller.signal), rejection(controller.signal)]);
      this.proven();
      return null;
    } catch (error) {
      return stopped ?? readFailure(error);
    } finally {
      closing.removeEventListener("abort", onClose);
      if (timer !== null) clock.clearTimeout(timer);
    }
  }
}

const CLOSED: Failure = { what: "the HTTP client is closed", fix: "Gatehouse is stopping." };

function timedOut(limit: number): Failure {
  return {
    what: `no connection within ${limit / 1000} s`,
    fix: "Check host, VPN and proxy settings, or raise CONNECTION_TIMEOUT.",
  };
}

/** Rejects when `signal` aborts. Only for a signal that dies with the caller: the listener stays. */
function rejection(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason), { once: true }));
}
