/**
 * The gateway dialect, for remote providers: chat in a shape of its own, models and usage, in the event lane.
 * @module
 */
export type { GatewayOptions } from "./options.ts";
export { gatewayRoutes } from "./routes.ts";
