/** What a prompt asks the demo to show. */
export type Wish =
  | { readonly kind: "count"; readonly to: number }
  | { readonly kind: "long"; readonly blocks: number; readonly bytes: number }
  | { readonly kind: "table" }
  | { readonly kind: "code"; readonly languages: readonly string[] }
  | { readonly kind: "explain" };

const MOST_COUNT = 20_000;
const MOST_BLOCKS = 2_000;
const MOST_KIB = 256;
const LONG_KIB = 64;
const LONG = /(?<!\b(?:how|as|so|too) )\blong\b(?! (?:time|ago|as)\b)/i;

const LANGUAGES: readonly (readonly [name: string, pattern: RegExp])[] = [
  ["typescript", /\b(?:typescript|ts|deno)\b/i],
  ["javascript", /\b(?:javascript|js|node)\b/i],
  ["python", /\b(?:python|py)\b/i],
  ["go", /\b(?:golang|go (?:code|program|function))\b/i],
  ["rust", /\brust\b/i],
  ["sql", /\bsql\b/i],
  ["bash", /\b(?:bash|shell)\b/i],
];

/** Reads the wish out of what the person said last. */
export function wishOf(text: string): Wish {
  const count = /\bcount(?:\s+(?:up|from \d+))?\s+to\s+(\d{1,9})\b/i.exec(text);
  if (count) return { kind: "count", to: Math.min(Number(count[1]), MOST_COUNT) };
  const blocks = /\b(\d{1,6})\s+(?:code\s+)?(?:blocks|fences)\b/i.exec(text);
  const size = /\b(\d{1,6})\s*(?:k|kb|kib)\b/i.exec(text);
  if (blocks || size || LONG.test(text)) {
    const kib = size ? Number(size[1]) : blocks ? 0 : LONG_KIB;
    return {
      kind: "long",
      blocks: Math.min(Number(blocks?.[1] ?? 0), MOST_BLOCKS),
      bytes: Math.min(kib, MOST_KIB) * 1024,
    };
  }
  if (/\btables?\b/i.test(text)) return { kind: "table" };
  const languages = LANGUAGES.filter(([, pattern]) => pattern.test(text)).map(([name]) => name);
  if (/\b(?:code|snippets?|programs?|examples?|functions?|scripts?)\b/i.test(text)) return { kind: "code", languages };
  return { kind: "explain" };
}

/** Whether the person asked for a slow answer. */
export function wantsSlow(text: string): boolean {
  return /\bslow(?:ly|er)?\b/i.test(text);
}
