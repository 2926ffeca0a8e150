import { isLoopbackHost } from "../loopback.ts";
import type { ServerSettings } from "../settings.ts";
import type { Values } from "../values.ts";

/** The server's own settings. `HOST` off loopback is a value like any other here. */
export function serverSettings(values: Values): ServerSettings {
  const host = values.get("HOST");
  return {
    host,
    port: values.get("PORT"),
    auth: values.get("AUTH"),
    registration: values.get("REGISTRATION") ?? (isLoopbackHost(host) ? "local" : "closed"),
    allowedHosts: values.get("ALLOWED_HOSTS") ?? [],
    corsOrigins: values.get("CORS_ORIGINS") ?? [],
    trustedProxies: values.get("TRUSTED_PROXIES") ?? [],
    publicUrl: values.get("PUBLIC_URL"),
    maxBodyBytes: values.get("MAX_BODY_BYTES"),
    drainTimeout: values.get("DRAIN_TIMEOUT"),
    logLevel: values.get("LOG_LEVEL"),
    logFile: values.get("LOG_FILE"),
    metricsToken: values.get("METRICS_TOKEN"),
  };
}
