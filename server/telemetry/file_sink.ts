import type { Clock, Timer } from "../effects/mod.ts";
import type { Logger, LogLevel } from "./log.ts";
import { appendPrivately, fileSize, rotate } from "./log_file.ts";
import { type LogSink, MAX_WAITING } from "./sink.ts";

/** What {@linkcode fileSink} is made of. */
export interface FileSinkOptions {
  /** The file written to; older ones are `<path>.1` (youngest) and on. One process per path. */
  readonly path: string;
  /** Times the batches. */
  readonly clock: Clock;
  /** Told, once per outage, that the file cannot be written, and when it can be again: a logger to the console alone. */
  readonly report: Logger;
  /** Bytes after which the file is rotated. @default {10 MiB} */
  readonly maxBytes?: number;
  /** How many older files are kept. @default {5} */
  readonly keep?: number;
}

const GATHER_MS = 100;
const RETRY_MS = 5_000;
const encoder = new TextEncoder();

/**
 * JSON lines to a rotating file, 0600 in a 0700 folder. Lines are gathered for 100 ms (one of level `error` is not) and
 * written in order. The file is opened anew for each batch, so that one that was moved or removed is simply made again.
 * While it cannot be written, lines wait (up to 4 Mi characters) and it is tried again every 5 s.
 */
export function fileSink(options: FileSinkOptions): LogSink {
  return new FileSink(options);
}

class FileSink implements LogSink {
  readonly format = "json";
  readonly #path: string;
  readonly #clock: Clock;
  readonly #report: Logger;
  readonly #maxBytes: number;
  readonly #keep: number;
  #waiting: string[] = [];
  #waitingSize = 0;
  #timer: Timer | null = null;
  #writing: Promise<void> | null = null;
  #failing = false;
  #closed = false;

  constructor({ path, clock, report, maxBytes = 10 * 1024 * 1024, keep = 5 }: FileSinkOptions) {
    this.#path = path;
    this.#clock = clock;
    this.#report = report;
    this.#maxBytes = maxBytes;
    this.#keep = keep;
  }

  write(line: string, level: LogLevel): boolean {
    if (this.#closed || this.#waitingSize + line.length > MAX_WAITING) return false;
    this.#waiting.push(line);
    this.#waitingSize += line.length;
    if (this.#writing !== null) return true;
    if (level === "error" && !this.#failing) this.#start();
    else this.#schedule(GATHER_MS);
    return true;
  }

  async flush(): Promise<void> {
    this.#start();
    await this.#writing;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.flush();
    this.#clearTimer();
    if (this.#waiting.length > 0) {
      this.#report.error("log lines are lost", { file: this.#path, lost: this.#waiting.length });
    }
    this.#waiting = [];
  }

  #schedule(ms: number): void {
    this.#timer ??= this.#clock.setTimeout(() => this.#start(), ms);
  }

  #start(): void {
    this.#clearTimer();
    if (this.#writing === null && this.#waiting.length > 0) this.#writing = this.#writeAll();
  }

  async #writeAll(): Promise<void> {
    try {
      while (this.#waiting.length > 0) await this.#writeBatch();
      if (this.#failing) this.#report.info("the log file can be written again", { file: this.#path });
      this.#failing = false;
    } catch (error) {
      if (!this.#failing) this.#report.error("the log file cannot be written", { file: this.#path, error });
      this.#failing = true;
      if (!this.#closed) this.#schedule(RETRY_MS);
    }
    this.#writing = null;
  }

  /** Writes as many lines as the file has room for; a full one is rotated first. */
  async #writeBatch(): Promise<void> {
    let size = await fileSize(this.#path);
    if (size > 0 && size + byteLength(this.#waiting[0]) > this.#maxBytes) {
      await rotate(this.#path, this.#keep);
      size = 0;
    }
    let count = 0;
    do size += byteLength(this.#waiting[count++]); while (
      count < this.#waiting.length && size + byteLength(this.#waiting[count]) <= this.#maxBytes
    );
    const text = this.#waiting.slice(0, count).join("");
    await appendPrivately(this.#path, encoder.encode(text));
    this.#waiting.splice(0, count);
    this.#waitingSize -= text.length;
  }

  #clearTimer(): void {
    if (this.#timer !== null) this.#clock.clearTimeout(this.#timer);
    this.#timer = null;
  }
}

function byteLength(line = ""): number {
  return encoder.encode(line).length;
}
