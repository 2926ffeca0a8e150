/** Gives back a slot; calling it again does nothing. */
export type Release = () => void;

/** How many calls an upstream is given at once; more wait in the order they came. */
export interface Slots {
  /** At once where a slot is free. @throws the signal's reason when the caller leaves the queue */
  take(signal: AbortSignal): Release | Promise<Release>;
  /** How many calls wait for a slot. */
  readonly waiting: number;
}

const nothing: Release = () => {};

/** Slots for one upstream. @param limit calls at once; 0: no limit */
export function createSlots(limit: number): Slots {
  let free = limit;
  const queue = new Set<() => void>();

  function release(): Release {
    let given = false;
    return () => {
      if (given) return;
      given = true;
      const [next] = queue;
      if (next === undefined) free++;
      else next();
    };
  }

  return {
    get waiting() {
      return queue.size;
    },
    take(signal) {
      if (limit === 0) return nothing;
      if (signal.aborted) return Promise.reject(signal.reason);
      if (free > 0) {
        free--;
        return release();
      }
      return new Promise<Release>((resolve, reject) => {
        const leave = () => {
          queue.delete(enter);
          reject(signal.reason);
        };
        const enter = () => {
          queue.delete(enter);
          signal.removeEventListener("abort", leave);
          resolve(release());
        };
        queue.add(enter);
        signal.addEventListener("abort", leave, { once: true });
      });
    },
  };
}
