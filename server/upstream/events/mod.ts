/**
 * The event lane: what a model says as typed events.
 * @module
 */
export type { ModelEvent } from "./model_event.ts";
