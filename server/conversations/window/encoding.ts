/** The vocabularies of OpenAI's chat models. */
export type Encoding = "o200k_base" | "cl100k_base";

/** What may stand before a model's own name: providers (`openai/…`), and the mark of a fine-tuned model. */
const PREFIX = /^(?:.*\/)?(?:ft:)?/;

/** The newer ones first: `gpt-4` begins them too. */
const ENCODINGS: readonly (readonly [names: RegExp, encoding: Encoding])[] = [
  [/^(?:gpt-4o|gpt-4\.[15]|gpt-5|chatgpt-|gpt-oss)/, "o200k_base"],
  [/^o[134](?![a-z0-9])/, "o200k_base"],
  [/^(?:gpt-4|gpt-3\.?5)(?![a-z0-9])/, "cl100k_base"],
];

/** How the texts of a model are cut into tokens, as its name tells; null: that is not known. Pure. */
export function encodingOf(model: string): Encoding | null {
  const name = model.toLowerCase().replace(PREFIX, "");
  return ENCODINGS.find(([names]) => names.test(name))?.[1] ?? null;
}
