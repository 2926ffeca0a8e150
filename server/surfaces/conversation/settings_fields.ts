import type { ModelSettings } from "../../conversations/mod.ts";

/** How a model is asked, as this dialect writes it. */
export interface SettingsFields {
  readonly model?: string | null;
  readonly temperature?: number | null;
  readonly max_tokens?: number | null;
  readonly top_p?: number | null;
  readonly system_prompt?: string | null;
}

/** The fields under the room's names. */
export function settingsOf(fields: SettingsFields): Partial<ModelSettings> {
  const { model, temperature, max_tokens: maxTokens, top_p: topP, system_prompt: systemPrompt } = fields;
  return {
    ...(model === undefined ? {} : { model }),
    ...(temperature === undefined ? {} : { temperature }),
    ...(maxTokens === undefined ? {} : { maxTokens }),
    ...(topP === undefined ? {} : { topP }),
    ...(systemPrompt === undefined ? {} : { systemPrompt }),
  };
}

/** What is set, as the client is shown it. */
export function settingsBody({ model, temperature, maxTokens, topP, systemPrompt }: ModelSettings): SettingsFields {
  return {
    ...(model === null ? {} : { model }),
    ...(temperature === null ? {} : { temperature }),
    ...(maxTokens === null ? {} : { max_tokens: maxTokens }),
    ...(topP === null ? {} : { top_p: topP }),
    ...(systemPrompt === null ? {} : { system_prompt: systemPrompt }),
  };
}
