import type { UpstreamSettings } from "../../settings/mod.ts";
import type { ModelSettings } from "../session.ts";

/** How a turn asks its model: its own settings over the session's. The name `default` is the default model's. */
export function turnSettings(own: Partial<ModelSettings>, session: Partial<ModelSettings>): ModelSettings {
  const model = own.model ?? session.model ?? null;
  return {
    model: model === "default" ? null : model,
    temperature: own.temperature ?? session.temperature ?? null,
    maxTokens: own.maxTokens ?? session.maxTokens ?? null,
    topP: own.topP ?? session.topP ?? null,
    systemPrompt: own.systemPrompt ?? session.systemPrompt ?? null,
  };
}

/** Said to the model before every history; an empty one is none. */
export function systemPromptOf(settings: ModelSettings, defaults: Defaults): string | null {
  const prompt = settings.systemPrompt ?? defaults.systemPrompt;
  return prompt === "" ? null : prompt;
}

/** The fields of the request: what is asked for goes before the client's other fields, the default behind them. */
export function modelFields(
  { temperature, maxTokens, topP }: ModelSettings,
  others: Readonly<Record<string, unknown>>,
  defaults: Defaults,
): Readonly<Record<string, unknown>> {
  return {
    ...(defaults.temperature === null ? {} : { temperature: defaults.temperature }),
    ...others,
    ...(temperature === null ? {} : { temperature }),
    ...(maxTokens === null ? {} : { max_tokens: maxTokens }),
    ...(topP === null ? {} : { top_p: topP }),
  };
}

type Defaults = Pick<UpstreamSettings, "systemPrompt" | "temperature">;
