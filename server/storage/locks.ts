/** A lock that is held until it is released, its holder dies, or (remote lease only) it could not be renewed. */
export interface Held {
  /** Aborted when the lock is no longer ours. An OS lock is never lost. */
  readonly lost: AbortSignal;
  /** Lets the next one in. */
  release(): Promise<void>;
}

/** How long to wait for a lock, and what ends the wait. */
export interface AcquireOptions {
  /** Milliseconds to wait for another holder; 0: one try. */
  readonly patience: number;
  /** Ends the wait. */
  readonly signal: AbortSignal;
}

/** One holder per name across all processes on a store. */
export interface Locks {
  /**
   * Takes the lock `name`, waiting for it if need be.
   *
   * @returns null when another still holds it after `patience`
   * @throws {GatehouseError} `storage_unavailable`
   * @throws the reason of `signal` when it is aborted first
   */
  acquire(name: string, options: AcquireOptions): Promise<Held | null>;
}
