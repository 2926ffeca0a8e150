import type { Inference } from "../../inference/mod.ts";
import type { Routes } from "../../http/mod.ts";
import type { Models, Upstream } from "../../upstream/mod.ts";
import { chatCompletions } from "./chat_completions.ts";
import { listModels, retrieveModel } from "./models.ts";

/** What the OpenAI dialect stands on. */
export interface OpenAIOptions {
  /** The upstream that serves `model`; resolved for every request and never kept. */
  readonly resolve: (model: string | null) => { readonly upstream: Upstream; readonly models: Models };
  /** Sends the calls. */
  readonly inference: Inference;
  /** The longest request body, in bytes. */
  readonly maxBodyBytes: number;
}

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
