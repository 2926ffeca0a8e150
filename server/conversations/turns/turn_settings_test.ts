import { assertEquals } from "@std/assert";
import { NO_SETTINGS } from "../session.ts";
import { modelFields, systemPromptOf, turnSettings } from "./turn_settings.ts";

const DEFAULTS = { systemPrompt: "of the upstream", temperature: 0.1 };

Deno.test("a turn's own settings stand over the session's, and those over the upstream's defaults", () => {
  const session = { ...NO_SETTINGS, model: "m1", temperature: 0.5, topP: 0.9 };
  const settings = turnSettings({ temperature: 0, maxTokens: 7, topP: null }, session);
  assertEquals(settings, { model: "m1", temperature: 0, maxTokens: 7, topP: 0.9, systemPrompt: null });
  assertEquals(modelFields(settings, {}, DEFAULTS), { temperature: 0, max_tokens: 7, top_p: 0.9 });
  assertEquals(systemPromptOf(settings, DEFAULTS), "of the upstream");
  assertEquals(systemPromptOf({ ...settings, systemPrompt: "" }, DEFAULTS), null);
});

Deno.test("the client's other fields stand over the default temperature, and under what is asked for", () => {
  const others = { temperature: 1, top_p: 1, seed: 3 };
  assertEquals(modelFields(NO_SETTINGS, {}, DEFAULTS), { temperature: 0.1 });
  assertEquals(modelFields({ ...NO_SETTINGS, topP: 0.5 }, others, DEFAULTS), { temperature: 1, top_p: 0.5, seed: 3 });
  assertEquals(modelFields(NO_SETTINGS, {}, { ...DEFAULTS, temperature: null }), {});
});

Deno.test("`default` is the default model, also over a session's own", () => {
  assertEquals(turnSettings({ model: "default" }, { model: "m1" }).model, null);
  assertEquals(turnSettings({}, { model: "default" }).model, null);
});
