/** Where a piece of a tool call belongs, and what is new in it. */
export interface Place {
  /** Ours: counted from 0, one for each call. */
  readonly index: number;
  /** Whether the call begins with this piece. */
  readonly isFirst: boolean;
  /** The call's id, where this piece is the first to tell it. */
  readonly id: string | null;
  /** The function's name, where this piece is the first to tell it. */
  readonly name: string | null;
}

interface Known {
  readonly index: number;
  id: string | null;
  name: string | null;
}

/**
 * Tells the tool calls of one choice apart. Servers leave the index out, or give all parallel calls the index 0 (a new
 * id together with a name then begins another call; a new id alone does not: some servers make one for every piece).
 */
export class ToolCallPlaces {
  #count = 0;
  /** By the upstream's index. */
  readonly #byIndex = new Map<number, Known>();
  #last: Known | null = null;

  /** The place of a piece. Null: the upstream does not say. */
  of(index: number | null, id: string | null, name: string | null): Place {
    const known = this.#find(index, id, name);
    const call = known ?? { index: this.#count++, id: null, name: null };
    const place: Place = {
      index: call.index,
      isFirst: known === null,
      id: call.id === null ? id : null,
      name: call.name === null ? name : null,
    };
    call.id ??= id;
    call.name ??= name;
    if (index !== null) this.#byIndex.set(index, call);
    this.#last = call;
    return place;
  }

  #find(index: number | null, id: string | null, name: string | null): Known | null {
    const call = index === null ? this.#last : this.#byIndex.get(index) ?? null;
    if (call === null) return null;
    const isOther = name !== null && (index === null ? id === null || id !== call.id : id !== null && id !== call.id);
    return isOther && call.name !== null ? null : call;
  }
}
