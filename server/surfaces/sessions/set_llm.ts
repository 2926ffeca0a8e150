import type { ModelSettings } from "../../conversations/mod.ts";
import { type Handler, isId, readJson, unknown } from "../../http/mod.ts";
import type { SessionOptions } from "./options.ts";
import type { LlmSettings } from "./schemas.ts";

/** `POST /set-llm`: makes a session, or changes how the model of one is asked. No body means `{}`. */
export function setLlm({ conversations: { library }, maxBodyBytes }: SessionOptions): Handler {
  return async ({ req, env: { who } }) => {
    // Loaded when it is first needed: zod would make every start slower.
    const { llmSettings } = await import("./schemas.ts");
    const what = "set the model of a session";
    const body = await readJson(req.raw, llmSettings, { maxBytes: maxBodyBytes, what, isOptional: true });
    const settings = settingsOf(body);
    const { session_id } = body;
    if (session_id === undefined || session_id === null) {
      const { id } = await library.create(who.userId, { protocol: "text", settings });
      return Response.json({ session_id: id }, { status: 201 });
    }
    if (!isId(session_id)) throw unknown("session");
    const { id } = await library.change(who.userId, session_id, { settings });
    return Response.json({ session_id: id });
  };
}

/** The settings under the room's names; what is not said stays away. */
function settingsOf(
  { model_name, temperature, max_tokens, top_p, system_prompt }: LlmSettings,
): Partial<ModelSettings> {
  return {
    ...(model_name === undefined ? {} : { model: model_name }),
    ...(temperature === undefined ? {} : { temperature }),
    ...(max_tokens === undefined ? {} : { maxTokens: max_tokens }),
    ...(top_p === undefined ? {} : { topP: top_p }),
    ...(system_prompt === undefined ? {} : { systemPrompt: system_prompt }),
  };
}
