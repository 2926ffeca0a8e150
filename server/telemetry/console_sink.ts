import type { Clock, Timer } from "../effects/mod.ts";
import type { LogLevel } from "./log.ts";
import { type LogSink, MAX_WAITING } from "./sink.ts";

/** What the console sink needs of `Deno.stderr`. */
export interface ConsoleStream {
  /** Writes some of `bytes`. @returns how many */
  write(bytes: Uint8Array): Promise<number>;
  /** Writes some of `bytes` before it returns. @returns how many */
  writeSync(bytes: Uint8Array): number;
  /** Whether a person reads it. */
  isTerminal(): boolean;
}

/** What {@linkcode consoleSink} is made of. */
export interface ConsoleSinkOptions {
  /** Gathers the lines of a turn. */
  readonly clock: Clock;
  /** Where lines go. @default {Deno.stderr} */
  readonly stream?: ConsoleStream;
  /** How lines are written. @default {"text" on a terminal, else "json"} */
  readonly format?: "text" | "json";
}

/**
 * Lines to the console. Those of one turn of the event loop go out in one asynchronous write. A line of level `error`
 * takes all that wait with it at once and synchronously, unless a write is under way: then it is the next.
 */
export function consoleSink(options: ConsoleSinkOptions): LogSink {
  return new ConsoleSink(options);
}

const encoder = new TextEncoder();

class ConsoleSink implements LogSink {
  readonly format: "text" | "json";
  readonly #clock: Clock;
  readonly #stream: ConsoleStream;
  #waiting = "";
  #timer: Timer | null = null;
  #writing: Promise<void> | null = null;
  #closed = false;

  constructor({ clock, stream = Deno.stderr, format }: ConsoleSinkOptions) {
    this.#clock = clock;
    this.#stream = stream;
    this.format = format ?? (stream.isTerminal() ? "text" : "json");
  }

  write(line: string, level: LogLevel): boolean {
    if (this.#closed || this.#waiting.length + line.length > MAX_WAITING) return false;
    this.#waiting += line;
    if (level === "error" && this.#writing === null) this.#writeNow();
    else if (this.#writing === null) this.#timer ??= this.#clock.setTimeout(() => this.#start(), 0);
    return true;
  }

  async flush(): Promise<void> {
    this.#start();
    await this.#writing;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.flush();
  }

  #start(): void {
    this.#clearTimer();
    if (this.#writing === null && this.#waiting !== "") this.#writing = this.#writeAll();
  }

  async #writeAll(): Promise<void> {
    while (this.#waiting !== "") {
      const bytes = this.#take();
      try {
        for (let done = 0; done < bytes.length;) done += await this.#stream.write(bytes.subarray(done));
      } catch {
        // The console is gone: there is nobody left to tell.
      }
    }
    this.#writing = null;
  }

  #writeNow(): void {
    this.#clearTimer();
    const bytes = this.#take();
    let done = 0;
    try {
      while (done < bytes.length) done += this.#stream.writeSync(bytes.subarray(done));
    } catch {
      this.#waiting = new TextDecoder().decode(bytes.subarray(done));
      this.#start();
    }
  }

  #take(): Uint8Array {
    const bytes = encoder.encode(this.#waiting);
    this.#waiting = "";
    return bytes;
  }

  #clearTimer(): void {
    if (this.#timer !== null) this.#clock.clearTimeout(this.#timer);
    this.#timer = null;
  }
}
