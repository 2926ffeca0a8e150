/**
 * The demo model: an OpenAI API that demands the demo provider's access tokens and answers without thinking.
 * @module
 */
export { DEMO_MODEL } from "./catalog.ts";
export { createModel, type ModelOptions } from "./model.ts";
