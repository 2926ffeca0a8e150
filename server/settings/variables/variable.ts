import type { ValueType } from "../types/value_type.ts";

/** The declaration of one variable: parsing, `.env.example`, `--help` and the documentation all come from it. */
export interface Variable<T> {
  readonly type: ValueType<T>;
  /** Parsed like a given value when the variable is unset. */
  readonly default?: string;
  /** What holds when the variable is unset and no constant can say it. */
  readonly unset?: string;
  /** One line. */
  readonly help: string;
}
