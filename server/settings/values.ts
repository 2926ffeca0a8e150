import { type Fault, NOTHING, showHidden, showValue } from "./fault.ts";
import { type ValueOf, type VariableName, VARIABLES } from "./variables/mod.ts";
import type { Variable } from "./variables/mod.ts";

/**
 * The declared variables, each parsed by its own type. Gathers faults, so that all of them are told at once. After a
 * fault reading goes on with the default or null; nothing made of such values leaves this room.
 */
export class Values {
  readonly faults: Fault[] = [];
  readonly warnings: string[] = [];
  readonly #texts: ReadonlyMap<string, string>;
  readonly #parsed = new Map<string, unknown>();

  /** @param texts every variable that is set, non-empty */
  constructor(texts: ReadonlyMap<string, string>) {
    this.#texts = texts;
    for (const [name, variable] of Object.entries(VARIABLES)) this.#parsed.set(name, this.#parse(name, variable));
  }

  get<N extends VariableName>(name: N): ValueOf<N> {
    // The declaration of this very name made the value.
    return this.#parsed.get(name) as ValueOf<N>;
  }

  /** Whether a text is given, good or bad. */
  isSet(name: VariableName): boolean {
    return this.#texts.has(name);
  }

  /** The text of a variable that is not declared. */
  text(name: string): string | undefined {
    return this.#texts.get(name);
  }

  /** The names of all variables that are set, declared or not. */
  names(): readonly string[] {
    return [...this.#texts.keys()];
  }

  /** Notes a rule that a value breaks beyond its own type. */
  fault(name: string, found: string, expected: string): void {
    this.faults.push({ name, found, expected });
  }

  /** Notes a fault if the variable is not set. */
  require(name: VariableName, expected: string): void {
    if (!this.isSet(name)) this.fault(name, NOTHING, expected);
  }

  #parse(name: string, { type, default: standard }: Variable<unknown>): unknown {
    const text = this.#texts.get(name);
    if (text !== undefined) {
      const parsed = type.parse(text);
      if (parsed.ok) return parsed.value;
      const show = type.secret ? showHidden : type.show ?? showValue;
      this.fault(name, show(text), parsed.expected);
    }
    if (standard === undefined) return null;
    const parsed = type.parse(standard);
    return parsed.ok ? parsed.value : null;
  }
}
