import { scanObject } from "../../upstream/mod.ts";

/**
 * A call's arguments as an object. A model that calls a function without parameters often writes nothing at all: that is
 * `{}`. What is no JSON object comes as `{"_raw": text}`, and so does one that repeats a key or is nested too deeply
 * (what is parsed here is printed again).
 *
 * @param text as the model wrote it
 */
export function parseArguments(text: string): Readonly<Record<string, unknown>> {
  if (text.trim() === "") return {};
  return isJsonObject(text) ? JSON.parse(text) : { _raw: text };
}

/** A call's arguments for the model to read again: as it wrote them, where servers that parse them will not trip. */
export function argumentsUpstream(text: string): string {
  return isJsonObject(text) ? text : JSON.stringify(parseArguments(text));
}

function isJsonObject(text: string): boolean {
  return scanObject(new TextEncoder().encode(text)).ok;
}
