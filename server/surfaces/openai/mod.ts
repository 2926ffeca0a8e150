/**
 * The OpenAI dialect: model list and chat completions, in the byte lane.
 * @module
 */
export { type OpenAIOptions, openaiRoutes } from "./routes.ts";
