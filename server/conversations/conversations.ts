import type { Library } from "./library/library.ts";
import type { StatelessTasks } from "./rounds/stateless.ts";
import type { Turns } from "./turns/turns.ts";

/** The conversations of one server. */
export interface Conversations {
  /** What is stored. */
  readonly library: Library;
  /** What runs. */
  readonly turns: Turns;
  /** What runs and is not stored. */
  readonly tasks: StatelessTasks;
  /** Ends what runs, and waits for what is to be stored. */
  close(): Promise<void>;
}
