import type { Routes } from "../../http/mod.ts";
import { chat } from "./chat.ts";
import { chatStream } from "./chat_stream.ts";
import { listModels } from "./models.ts";
import type { GatewayOptions } from "./options.ts";
import { usageSums } from "./usage.ts";

/** The routes of the gateway dialect. */
export function gatewayRoutes(options: GatewayOptions): Routes {
  return {
    surface: "gateway",
    paths: {
      "/api/v1/llm/chat": { POST: chat(options) },
      "/api/v1/llm/chat/stream": { POST: chatStream(options) },
      "/api/v1/llm/models": { GET: listModels(options) },
      "/api/v1/llm/usage": { GET: usageSums(options) },
    },
  };
}
