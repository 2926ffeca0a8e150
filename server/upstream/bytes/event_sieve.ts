import { Borders } from "./borders.ts";
import { ContentBytes } from "./content_bytes.ts";
import type { ByteDialect, Usage } from "./dialect.ts";
import { dataOf, isOnlyComment } from "./event_text.ts";
import { Gather } from "./gather.ts";
import { latin1 } from "./latin1.ts";
import type { BodyEnd, Sieve } from "./sieve.ts";
import { concat } from "./splice.ts";

/** How much of an incomplete event is held back before it goes out in pieces, in bytes. */
export const MAX_HELD = 64 * 1024;

/**
 * Lets whole events through untouched. It reads only where the dialect's hint finds something, drops the usage-only
 * event unless the client asked for it, and knows how the stream ended. Its output does not depend on how the input
 * was cut.
 */
export class EventSieve implements Sieve {
  readonly #dialect: ByteDialect;
  readonly #passUsage: boolean;
  readonly #gather = new Gather();
  readonly #borders = new Borders();
  readonly #ends: number[] = [];
  readonly #content = new ContentBytes();
  #scanned = 0;
  #midway = false;
  #complete = false;
  #finished = false;
  #failed = false;
  #usage: Usage | null = null;

  constructor(dialect: ByteDialect, passUsage: boolean) {
    this.#dialect = dialect;
    this.#passUsage = passUsage;
  }

  get held(): number {
    return this.#gather.length;
  }

  get midway(): boolean {
    return this.#midway;
  }

  get complete(): boolean {
    return this.#complete;
  }

  get usage(): Usage | null {
    return this.#usage;
  }

  get contentBytes(): number {
    return this.#content.count;
  }

  push(chunk: Uint8Array): void {
    this.#gather.append(chunk);
  }

  take(): Uint8Array | null {
    if (this.#complete) return null;
    this.#borders.read(this.#gather.bytes, this.#scanned, this.#gather.length, this.#ends);
    this.#scanned = this.#gather.length;
    const whole = this.#takeEvents();
    if (this.#complete || this.#gather.length === 0) return whole;
    if (!this.#midway && this.#gather.length <= MAX_HELD) return whole;
    const part = this.#gather.bytes.slice();
    this.#content.read(latin1(part));
    this.#drop(part.length);
    this.#midway = true;
    return whole === null ? part : concat([whole, part]);
  }

  finish(): { bytes: Uint8Array | null; end: BodyEnd } {
    const before = this.take();
    const last = !this.#complete && this.#borders.end() ? this.#finishEvent() : null;
    const parts = [before, last].filter((part) => part !== null);
    const end = this.#ending();
    if (end === "done" && !this.#complete) parts.push(this.#endMark());
    return { bytes: parts.length === 0 ? null : concat(parts), end };
  }

  /** The last byte of the stream ended an event, and only the end of the stream told so. */
  #finishEvent(): Uint8Array | null {
    this.#ends.push(this.#gather.length);
    return this.#takeEvents();
  }

  #ending(): BodyEnd {
    if (this.#complete) return this.#failed ? "upstream_failed" : "done";
    if (this.#midway) return "truncated";
    const rest = latin1(this.#gather.bytes);
    if (this.#dialect.endMark !== null && dataOf(rest)?.trim() === this.#dialect.endMark) return "done";
    if (!isOnlyComment(rest)) return "truncated";
    if (this.#failed) return "upstream_failed";
    return this.#finished ? "done" : "truncated";
  }

  #endMark(): Uint8Array {
    const { endMark } = this.#dialect;
    return new TextEncoder().encode(endMark === null ? "" : `data: ${endMark}\n\n`);
  }

  #takeEvents(): Uint8Array | null {
    const end = this.#ends.at(-1);
    if (end === undefined) return null;
    const bytes = this.#gather.bytes.subarray(0, end);
    const text = latin1(bytes);
    const out = this.#dialect.hint.test(text) ? this.#sift(bytes, text) : bytes.slice();
    this.#content.readLines(text.slice(0, this.#ends.at(-1)));
    this.#ends.length = 0;
    this.#midway = false;
    this.#drop(end);
    return out.length === 0 ? null : out;
  }

  /** Reads the events one by one and leaves out what the client shall not see. */
  #sift(bytes: Uint8Array, text: string): Uint8Array {
    const kept: Uint8Array[] = [];
    let keptTo = 0;
    let start = 0;
    for (const [index, end] of this.#ends.entries()) {
      const isPart = (this.#midway && start === 0) || end - start > MAX_HELD;
      const verdict = isPart ? "keep" : this.#judge(text.slice(start, end));
      if (verdict === "drop") {
        kept.push(bytes.subarray(keptTo, start));
        keptTo = end;
      }
      start = end;
      if (verdict === "last") {
        this.#complete = true;
        this.#ends.length = index + 1;
        break;
      }
    }
    kept.push(bytes.subarray(keptTo, start));
    return concat(kept);
  }

  #judge(event: string): "keep" | "drop" | "last" {
    if (!this.#dialect.hint.test(event)) return "keep";
    const data = dataOf(event);
    if (data === null) return "keep";
    if (data.trim() === this.#dialect.endMark) return "last";
    const facts = this.#dialect.readEvent(data);
    this.#usage = facts.usage ?? this.#usage;
    this.#finished ||= facts.finished;
    this.#failed ||= facts.failed;
    return facts.usageOnly && !this.#passUsage ? "drop" : "keep";
  }

  #drop(count: number): void {
    this.#gather.drop(count);
    this.#scanned = this.#gather.length;
  }
}
