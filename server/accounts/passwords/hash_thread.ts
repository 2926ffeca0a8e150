import type { Clock } from "../../effects/mod.ts";
import type { Logger } from "../../telemetry/mod.ts";
import type { HashAnswer, HashRequest } from "./serve_hashes.ts";

/** Hashes on another thread, one at a time. */
export interface HashThread {
  /** The PHC string; null: this thread cannot make it, now or ever. Only one call at a time. */
  hash(request: HashRequest): Promise<string | null>;
  /** Ends the worker; a hash under way resolves to null. */
  close(): void;
}

/** What {@linkcode hashThread} is made of. */
export interface HashThreadOptions {
  /** A module that serves hashes when it is started as a worker. */
  readonly url: URL;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Without work for so long, in milliseconds, the worker is ended: it holds 30 MB. */
const IDLE = 10_000;
/** An answer that takes longer is not waited for: a worker can end without a word. */
const PATIENCE = 10_000;

/** One worker, started when it is needed. One that could not be started is not tried again; one that died is. */
export function hashThread({ url, clock, log }: HashThreadOptions): HashThread {
  let worker: Worker | null = null;
  let usable = true;
  let awaited: ((answer: HashAnswer | null) => void) | null = null;
  let idle: unknown = null;

  function end(): void {
    clock.clearTimeout(idle);
    worker?.terminate();
    worker = null;
    awaited?.(null);
  }

  /** The worker's next message; null: it is lost. */
  function answer(): Promise<HashAnswer | null> {
    return new Promise((resolve) => {
      const patience = clock.setTimeout(end, PATIENCE);
      awaited = (message) => {
        awaited = null;
        clock.clearTimeout(patience);
        resolve(message);
      };
    });
  }

  async function start(): Promise<Worker | null> {
    try {
      worker = new Worker(url, { type: "module", name: "passwords" });
    } catch {
      return null; // it may not be read
    }
    const started = worker;
    started.onmessage = ({ data }: MessageEvent<HashAnswer>) => awaited?.(data);
    started.onerror = (event) => {
      event.preventDefault();
      if (worker === started) end();
    };
    return await answer() === null ? null : worker;
  }

  async function running(): Promise<Worker | null> {
    if (worker !== null || !usable) return worker;
    const started = await start();
    if (started === null && usable) {
      usable = false;
      log.warn("passwords are hashed on the main thread, where logins slow all else down: no worker can be started");
    }
    return started;
  }

  return {
    async hash(request) {
      clock.clearTimeout(idle);
      const ready = await running();
      if (ready === null) return null;
      ready.postMessage(request);
      const message = await answer();
      if (message === null || !("hash" in message)) {
        end();
        return null;
      }
      idle = clock.setTimeout(end, IDLE);
      return message.hash;
    },
    close() {
      usable = false;
      end();
    },
  };
}
