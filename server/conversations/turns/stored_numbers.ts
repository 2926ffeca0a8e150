import type { Message } from "../message.ts";

/** Beyond all chunks that a reply ever had: a client that has seen some of them still takes the reply and its end. */
const UNKNOWN = 1e9;

/**
 * The numbers that a stored reply's events have for a client that read its turn live, or may have: all the text until
 * the end as one chunk in place of the last one, and the end behind it. Pure.
 */
export function storedNumbers(
  { chunks = null }: Pick<Message, "chunks">,
): { readonly chunk: number; readonly done: number } {
  const chunk = chunks ?? UNKNOWN;
  return { chunk, done: chunk + 1 };
}
