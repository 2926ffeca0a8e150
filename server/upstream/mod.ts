/**
 * The models behind the gate: model list, requests with the credential, the byte lane.
 * @module
 */
export * from "./bytes/mod.ts";
export { chooseModel, type ModelChoice } from "./choose_model.ts";
export type { Model } from "./known_fields.ts";
export { createModels, type ModelList, type Models, type ModelsAnswer } from "./model_list.ts";
export { emptyBody, isFramed } from "./response_body.ts";
export { createSlots, type Release, type Slots } from "./slots.ts";
export { createUpstream, failure, type Upstream, type UpstreamAnswer, type UpstreamCall } from "./upstream.ts";
export * from "./events/mod.ts";
