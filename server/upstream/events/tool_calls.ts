import type { ModelEvent } from "./model_event.ts";

/** A whole call that the model asks for. */
export interface ToolCall {
  /** The upstream's; one of our own where it gave none. */
  readonly id: string;
  /** The function's name; empty where the upstream gave none. */
  readonly name: string;
  /** As the model wrote them: JSON, if it did as it was told. */
  readonly arguments: string;
}

/** The tool calls of one choice, put together from their pieces. */
export class ToolCalls {
  readonly #calls = new Map<number, { id: string | null; name: string; readonly pieces: string[] }>();

  /** Takes one piece. */
  add({ index, id, name, arguments: piece }: ModelEvent & { readonly type: "tool_call_delta" }): void {
    const call = this.#calls.get(index) ?? { id: null, name: "", pieces: [] };
    call.id ??= id ?? null;
    call.name ||= name ?? "";
    call.pieces.push(piece);
    this.#calls.set(index, call);
  }

  /** The calls so far, in the order in which the model began them. */
  list(): readonly ToolCall[] {
    return [...this.#calls].map(([index, { id, name, pieces }]) => ({
      id: id ?? `call_${index}`,
      name,
      arguments: pieces.join(""),
    }));
  }
}
