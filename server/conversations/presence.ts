/** Who of the processes on a store is alive: what a dead one has left open may be ended by another. */
export interface Presence {
  /** Names this process as the owner of what it runs. Another name after a lease was lost. */
  readonly owner: string;
  /**
   * Whether a process is alive, as far as anybody can know: one on this machine is dead the moment it ends, one beside a
   * remote store once its lease has run out (15 s).
   *
   * @throws {GatehouseError} `storage_unavailable`
   */
  isAlive(owner: string): Promise<boolean>;
  /** Leaves: from now on this process counts as dead. */
  close(): Promise<void>;
}
