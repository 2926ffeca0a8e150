import { assertEquals } from "@std/assert";
import { encodingOf } from "./encoding.ts";

Deno.test("encodingOf() knows OpenAI's chat models by their names", () => {
  const names =
    "gpt-4o gpt-4o-mini-2024-07-18 gpt-4.1-nano gpt-4.5-preview gpt-5 gpt-5.2-codex o1 o1-mini o3 o4-mini " +
    "chatgpt-4o-latest gpt-oss-120b openai/gpt-4o openrouter/openai/gpt-oss-20b:free GPT-4o ft:gpt-4o-mini:acme::7q";
  for (const name of names.split(" ")) assertEquals(encodingOf(name), "o200k_base", name);
  for (const name of "gpt-4 gpt-4-turbo gpt-4-0613 gpt-3.5-turbo gpt-35-turbo azure/gpt-4".split(" ")) {
    assertEquals(encodingOf(name), "cl100k_base", name);
  }
});

Deno.test("encodingOf() takes no other model for one of OpenAI's", () => {
  const names = "mistral-small Qwen/Qwen3-32B claude-sonnet-4 llama-3.1-8b o1js o2 gpt4all gpt-40 gpt-2 my-gpt-4o";
  for (const name of ["", ...names.split(" ")]) assertEquals(encodingOf(name), null, name);
});
