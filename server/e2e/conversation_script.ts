/** What a model says by itself. */
export interface Script {
  /** No two scripts of a suite have the same. */
  readonly tag: string;
  /** Words of each round. */
  readonly words: number;
  /** Milliseconds between two; 0: all at once. */
  readonly everyMs: number;
  /** Characters that each word has besides, of two UTF-16 units and four bytes each. */
  readonly width: number;
  /** Whether it asks for two tools before its last round. */
  readonly tools: boolean;
}

/** A short script, said at once. */
export const quick = (tag: string): Script => ({ tag, words: 3, everyMs: 0, width: 0, tools: false });

/** The prompt that has a {@linkcode ConversationModel} say it. */
export function promptOf({ tag, words, everyMs, width, tools }: Script): string {
  return `play ${tag} ${words} ${everyMs} ${width}${tools ? " tools" : ""}`;
}

/** Null: the prompt is no script's. */
export function scriptOf(prompt: string): Script | null {
  const [, tag, words, everyMs, width, tools] = /^play (\S+) (\d+) (\d+) (\d+)( tools)?$/.exec(prompt) ?? [];
  if (tag === undefined) return null;
  return { tag, words: Number(words), everyMs: Number(everyMs), width: Number(width), tools: tools !== undefined };
}

/** The words of one round. */
export function wordsOf({ tag, words, width }: Script, round: number): string[] {
  return Array.from({ length: words }, (_, n) => `${tag}/${round}.${n}${"🦔".repeat(width)} `);
}

/** All that is said in one round. */
export function textOf(script: Script, round = 0): string {
  return wordsOf(script, round).join("");
}
