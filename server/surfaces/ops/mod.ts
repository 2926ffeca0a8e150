/**
 * Operations: health, liveness, readiness, metrics.
 * @module
 */
export { type OpsOptions, opsRoutes } from "./routes.ts";
