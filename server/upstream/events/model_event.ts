import type { Usage } from "../bytes/mod.ts";

/** What a model says, one thing at a time, whatever the dialect it was said in. */
export type ModelEvent =
  /** The answer begins. */
  | { readonly type: "start"; readonly id: string | null; readonly model: string | null }
  | { readonly type: "text"; readonly choice: number; readonly text: string }
  | { readonly type: "reasoning"; readonly choice: number; readonly text: string }
  | { readonly type: "refusal"; readonly choice: number; readonly text: string }
  /** A piece of a tool call; `id` and `name` come with its first piece, `arguments` is JSON text in pieces. */
  | {
    readonly type: "tool_call_delta";
    readonly choice: number;
    readonly index: number;
    readonly id?: string;
    readonly name?: string;
    readonly arguments: string;
  }
  /** The upstream's count so far; the last one counts. */
  | { readonly type: "usage"; readonly usage: Usage }
  | { readonly type: "finish"; readonly choice: number; readonly reason: string }
  /** The upstream reports a failure of its own in-band; nothing comes after it. */
  | { readonly type: "error"; readonly message: string; readonly code: string | null }
  /** What none of the above could hold, as it came. */
  | { readonly type: "other"; readonly choice: number | null; readonly raw: unknown };
