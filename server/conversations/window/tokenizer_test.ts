import { assert, assertEquals, assertRejects } from "@std/assert";
import { countTokens as cl100k } from "gpt-tokenizer/encoding/cl100k_base";
import { countTokens as o200k } from "gpt-tokenizer/encoding/o200k_base";
import { silentLogger } from "../../telemetry/mod.ts";
import { chooseWindow } from "./choose_window.ts";
import { backwards, message } from "./messages_fixture.ts";
import { SAMPLES } from "./samples_fixture.ts";
import { loadTokenizer, tellingOnce } from "./tokenizer.ts";

const HINDI = SAMPLES.Hindi ?? "";

Deno.test("loadTokenizer() counts as the vocabulary that was asked for", async () => {
  for (const [encoding, real] of [["o200k_base", o200k], ["cl100k_base", cl100k]] as const) {
    const tokenizer = await loadTokenizer(encoding);
    assertEquals(tokenizer.count(HINDI), real(HINDI));
    tokenizer.forget();
    assertEquals(tokenizer.count(HINDI), real(HINDI));
  }
  assert(o200k(HINDI) < cl100k(HINDI));
});

Deno.test("loadTokenizer() takes the names of special tokens for text", async () => {
  const { count } = await loadTokenizer("o200k_base");
  assert(count("<|endoftext|>") > 1);
  assertEquals(count("\ud800"), 1);
});

Deno.test("chooseWindow() fills the window of a known model by its real tokenizer", async () => {
  const text = "The committee met on Thursday to discuss the railway station.";
  const tokens = o200k(text) + 4;
  const history = Array.from({ length: 50 }, (_, at) => message(`m${at}`, "user", text));
  const window = await chooseWindow({
    model: "openai/gpt-4o-mini",
    contextTokens: 3 + 21 * tokens + 100,
    reserve: 100,
    systemPrompt: null,
    tools: [],
    before: backwards(history).messages,
    newest: [message("n", "user", text)],
  });
  assertEquals(window.messages.length, 21);
  assertEquals(window.historyFrom, "m30");
});

Deno.test("tellingOnce() says the first time that a tokenizer cannot be had", async () => {
  const told: string[] = [];
  const log = { ...silentLogger, warn: (message: string) => void told.push(message) };
  const load = tellingOnce(() => Promise.reject(new Error("not there")), log);
  for (const encoding of ["o200k_base", "cl100k_base", "o200k_base"] as const) {
    await assertRejects(() => load(encoding), Error, "not there");
  }
  assertEquals(told.length, 1);
});
