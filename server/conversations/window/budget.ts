/** What is known of a model's window. Every figure is in tokens; null: not known. */
export interface BudgetFacts {
  /** `LLM_CONTEXT_TOKENS`, where it is set. */
  readonly configured: number | null;
  /** The model's own window, as its list tells it. */
  readonly known: number | null;
  /** The session's longest reply. */
  readonly maxTokens: number | null;
  /** The longest reply of the model, as its list tells it. */
  readonly maxOutput: number | null;
}

/** How a window is shared out, in tokens. */
export interface Budget {
  /** All of it. */
  readonly contextTokens: number;
  /** Kept free for the reply; always less than the whole. */
  readonly reserve: number;
}

/** A window of which nothing is known. */
export const DEFAULT_CONTEXT_TOKENS = 32_768;

/** The longest reply of a model that does not tell it. */
const DEFAULT_OUTPUT = 4096;

/**
 * Shares out a model's window: the smaller one of what is configured and what the model's list says, else 32,768 tokens.
 *
 * A session's `max_tokens` is kept free to the last token: many servers refuse a request whose prompt and longest reply
 * do not fit together. One that would leave nothing cannot be meant so (lenient servers cut it down, strict ones refuse it
 * with any prompt): half of the window is kept free then. Without it the model's longest reply is (4,096 tokens where
 * it is not known), but no more than a quarter of the window. So of 16 tokens 4 are kept free, and of 3 none.
 *
 * Figures below 1, and those that are no number, count as not known. Pure.
 */
export function windowOf({ configured, known, maxTokens, maxOutput }: BudgetFacts): Budget {
  const windows = [configured, known].filter(isFigure).map(Math.floor);
  const contextTokens = windows.length === 0 ? DEFAULT_CONTEXT_TOKENS : Math.min(...windows);
  if (isFigure(maxTokens)) {
    const asked = Math.ceil(maxTokens);
    return { contextTokens, reserve: asked < contextTokens ? asked : Math.floor(contextTokens / 2) };
  }
  const output = isFigure(maxOutput) ? Math.floor(maxOutput) : DEFAULT_OUTPUT;
  return { contextTokens, reserve: Math.min(output, Math.floor(contextTokens / 4)) };
}

function isFigure(value: number | null): value is number {
  return value !== null && Number.isFinite(value) && value >= 1;
}
