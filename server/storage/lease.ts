import { type Clock, delay, type Timer } from "../effects/mod.ts";
import type { Held } from "./locks.ts";
import type { Entry, Store } from "./store.ts";

/** What lies in the store while a lease is held. Every beat is a write, and so a new version. */
export interface LeaseRecord {
  /** Unlike that of any other holding, so that a write whose answer was lost is known again. */
  readonly owner: string;
  /** One more than that of the holder it was taken from. */
  readonly fence: number;
  readonly beat: number;
}

export interface LeaseOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly key: Deno.KvKey;
  readonly record: LeaseRecord;
  readonly version: string;
  /** When the write that took the lease was sent, on the monotonic clock. */
  readonly takenAt: number;
  /** Milliseconds. */
  readonly lease: number;
}

/** One holding of a lease: renews it until it is released or lost. */
export class Lease implements Held {
  readonly #o: LeaseOptions;
  readonly #lost = new AbortController();
  readonly #stop = new AbortController();
  readonly #renewing: Promise<void>;
  #record: LeaseRecord;
  #version: string;
  #end: Timer;

  constructor(options: LeaseOptions) {
    this.#o = options;
    this.#record = options.record;
    this.#version = options.version;
    this.#end = this.#endAfter(options.takenAt);
    this.#renewing = this.#renew();
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** Deletes the lease if it is still ours. Where the store refuses, others take it over after the lease time. */
  async release(): Promise<void> {
    this.#stop.abort();
    this.#o.clock.clearTimeout(this.#end);
    await this.#renewing;
    const { store, key } = this.#o;
    try {
      if (await store.commit({ checks: [{ key, version: this.#version }], deletes: [key] }) !== null) return;
      // A renewal whose answer was lost may have changed the version.
      const found = await store.get<LeaseRecord>(key);
      if (this.#isOurs(found)) await store.commit({ checks: [{ key, version: found.version }], deletes: [key] });
    } catch {
      return;
    }
  }

  async #renew(): Promise<void> {
    const { clock, lease } = this.#o;
    const { signal } = this.#stop;
    let pause = lease / 3;
    while (!signal.aborted) {
      try {
        await delay(clock, pause, signal);
        pause = (await this.#beat()) ? lease / 3 : 0;
      } catch {
        pause = lease / 15; // stopped, or the store failed: `#end` runs all the while
      }
    }
  }

  /** @returns false when the version in hand was old and a new one was read: beat again */
  async #beat(): Promise<boolean> {
    const { store, clock, key } = this.#o;
    const sentAt = clock.monotonic();
    const next = { ...this.#record, beat: this.#record.beat + 1 };
    const version = await store.commit({
      checks: [{ key, version: this.#version }],
      puts: [{ key, value: next }],
    });
    if (version === null) {
      const found = await store.get<LeaseRecord>(key);
      if (!this.#isOurs(found)) {
        this.#lose("another owner holds it");
        return true;
      }
      this.#record = found.value;
      this.#version = found.version;
      return false;
    }
    this.#record = next;
    this.#version = version;
    if (!this.#stop.signal.aborted) {
      clock.clearTimeout(this.#end);
      this.#end = this.#endAfter(sentAt);
    }
    return true;
  }

  #isOurs(found: Entry<LeaseRecord> | null): found is Entry<LeaseRecord> {
    return found !== null && found.value.owner === this.#record.owner;
  }

  /** A waiter counts from when it saw a beat, we from when we sent it, and a tenth less: we always end first. */
  #endAfter(sentAt: number): Timer {
    const { clock, lease } = this.#o;
    const left = sentAt + lease * 0.9 - clock.monotonic();
    return clock.setTimeout(() => this.#lose("it could not be renewed"), left);
  }

  #lose(why: string): void {
    if (this.#stop.signal.aborted) return;
    this.#stop.abort();
    this.#o.clock.clearTimeout(this.#end);
    this.#lost.abort(new Error(`The lease was lost: ${why}`));
  }
}
