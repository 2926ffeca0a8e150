/** A small program in one language. */
export interface Snippet {
  readonly language: string;
  readonly code: string;
}

/** One program in several languages: it counts the words of a text. */
export const SNIPPETS: readonly Snippet[] = [
  {
    language: "typescript",
    code: `export function countWords(text: string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const [word] of text.toLowerCase().matchAll(/\\p{L}+/gu)) {
    counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return counts;
}`,
  },
  {
    language: "python",
    code: `import re
from collections import Counter


def count_words(text: str) -> Counter[str]:
    """Count each word of a text, whatever its case."""
    return Counter(re.findall(r"\\w+", text.lower()))`,
  },
  {
    language: "javascript",
    code: `export const countWords = (text) =>
  Object.groupBy(text.toLowerCase().match(/\\p{L}+/gu) ?? [], (word) => word);`,
  },
  {
    language: "go",
    code: `package words

import "strings"

// Count returns how often each word occurs in text.
func Count(text string) map[string]int {
	counts := make(map[string]int)
	for _, word := range strings.Fields(strings.ToLower(text)) {
		counts[word]++
	}
	return counts
}`,
  },
  {
    language: "rust",
    code: `use std::collections::HashMap;

pub fn count_words(text: &str) -> HashMap<String, usize> {
    let mut counts = HashMap::new();
    for word in text.to_lowercase().split_whitespace() {
        *counts.entry(word.to_owned()).or_insert(0) += 1;
    }
    counts
}`,
  },
  {
    language: "sql",
    code: `SELECT word, COUNT(*) AS occurrences
FROM words
GROUP BY word
ORDER BY occurrences DESC, word
LIMIT 10;`,
  },
  {
    language: "bash",
    code: `tr -cs '[:alpha:]' '\\n' < "$1" | tr '[:upper:]' '[:lower:]' | sort | uniq -c | sort -rn | head`,
  },
];
