/**
 * The OpenAI dialect: model list and chat completions, in the byte lane.
 * @module
 */
export type { OpenAIOptions } from "./options.ts";
export { openaiRoutes } from "./routes.ts";
