/**
 * Sessions in the simplest form: a model set once, then chat by plain requests; and what opens their WebSockets. All of
 * them are conversations.
 * @module
 */
export type { SessionOptions } from "./options.ts";
export { sessionRoutes } from "./routes.ts";
