/**
 * Network: the one HTTP client for everything that goes out, and what streams need beside it (a watchdog, bounded
 * bodies, URLs fit for logs).
 * @module
 */
export * from "./client.ts";
export * from "./http_client.ts";
export { inCidr, isLoopbackHost, parseIp } from "./ip.ts";
export * from "./read_body.ts";
export { hostPort, safeUrl } from "./safe_url.ts";
export * from "./watchdog.ts";
