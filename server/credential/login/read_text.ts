/** A login's answers are small; anything longer is not what was asked for. */
const MAX_ANSWER = 1024 * 1024;

/** The text of a small answer. @throws {RangeError} when it is not small */
export async function readText(response: Response, signal: AbortSignal): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of response.body ?? []) {
    signal.throwIfAborted();
    text += decoder.decode(chunk, { stream: true });
    if (text.length > MAX_ANSWER) throw new RangeError("the answer is too long");
  }
  return text + decoder.decode();
}
