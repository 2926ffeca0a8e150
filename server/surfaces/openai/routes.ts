import type { Routes } from "../../http/mod.ts";
import { chatCompletions } from "./chat_completions.ts";
import { listModels, retrieveModel } from "./models.ts";
import type { OpenAIOptions } from "./options.ts";

/** The routes of the OpenAI dialect. @see https://platform.openai.com/docs/api-reference */
export function openaiRoutes(options: OpenAIOptions): Routes {
  return {
    surface: "openai",
    paths: {
      "/v1/chat/completions": { POST: chatCompletions(options) },
      "/v1/models": { GET: listModels(options) },
      "/v1/models/:id{.+}": { GET: retrieveModel(options) },
    },
  };
}
