/**
 * What all surfaces share of HTTP: the front before them, bodies, errors as answers, draining. Holds no rules of its own.
 * @module
 */
export * from "./drain.ts";
export * from "./error_response.ts";
export type { Call, Exchange, Handler, RouteLabel, Router } from "./exchange.ts";
export * from "./front.ts";
export type { HeaderList } from "./head.ts";
export { type BodySchema, readJson, type ReadJsonOptions } from "./read_json.ts";
export type { BodyIssue } from "./read_json_issue.ts";
export { readForm, type ReadFormOptions } from "./read_form.ts";
export { type InBandError, inBandError } from "./in_band_error.ts";
export { idOf, isId, unknown } from "./id.ts";
export { noStore } from "./no_store.ts";
export { pageAnswer, pageOf } from "./page.ts";
export * from "./read_request.ts";
export * from "./routes.ts";
export { type SseOptions, sseResponse } from "./sse.ts";
export { createSockets, type SocketsOptions } from "./create_sockets.ts";
export type { Socket, SocketHandler, Sockets } from "./sockets.ts";
export { admin, anyone, keyOrLogin, login, registrant } from "./who_may.ts";
