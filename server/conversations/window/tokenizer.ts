import type { Logger } from "../../telemetry/mod.ts";
import type { Encoding } from "./encoding.ts";

/** Counts the tokens of a text, and keeps what it has learnt until it is told to forget. */
export interface Tokenizer {
  /** How many tokens a text is, the names of special tokens in it taken as text. Blocks; the text should be short. */
  count(text: string): number;
  /** Lets go of all texts. */
  forget(): void;
}

/** Gets the tokenizer of a vocabulary. */
export type LoadTokenizer = (encoding: Encoding) => Promise<Tokenizer>;

/** Without this, a text that holds `<|endoftext|>` is refused. */
const AS_TEXT = { disallowedSpecial: new Set<string>() };

/** The real ones. A vocabulary takes 83 MB and 0.2 s, so that it comes in only when it is asked for. */
export const loadTokenizer: LoadTokenizer = async (encoding) => {
  const { countTokens, clearMergeCache } = await load(encoding);
  return {
    count: (text) => countTokens(text, AS_TEXT),
    // Its cache makes it three times as fast, but holds pieces of texts, and by them the texts.
    forget: clearMergeCache,
  };
};

/** Says the first time that one cannot be had; histories are estimated then. */
export function tellingOnce(load: LoadTokenizer, log: Pick<Logger, "warn">): LoadTokenizer {
  let told = false;
  return async (encoding) => {
    try {
      return await load(encoding);
    } catch (error) {
      if (!told) log.warn("a tokenizer cannot be loaded: histories are cut by an estimate", { encoding, error });
      told = true;
      throw error;
    }
  };
}

function load(encoding: Encoding) {
  switch (encoding) {
    case "o200k_base":
      return import("gpt-tokenizer/encoding/o200k_base");
    case "cl100k_base":
      return import("gpt-tokenizer/encoding/cl100k_base");
  }
}
