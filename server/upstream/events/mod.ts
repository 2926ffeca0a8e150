/**
 * The event lane: what a model says as typed events.
 * @module
 */
export type { ReadOptions } from "./body_chunks.ts";
export { chatBody, type ChatBodyOptions } from "./chat_body.ts";
export type { ModelEvent } from "./model_event.ts";
export { readEvents } from "./read_events.ts";
export { type ToolCall, ToolCalls } from "./tool_calls.ts";
