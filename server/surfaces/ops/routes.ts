import type { Routes } from "../../http/mod.ts";
import type { Metrics } from "../../telemetry/mod.ts";
import type { Upstream } from "../../upstream/mod.ts";
import { type Health, healthOf } from "./health.ts";

/** What operations stand on. */
export interface OpsOptions {
  /** Gatehouse's own, for `/health`. */
  readonly version: string;
  /** Whether the demo is the upstream. */
  readonly demo: boolean;
  /** The upstream whose credential `/health` reports. */
  readonly upstream: () => Upstream;
  /** What `/metrics` shows. */
  readonly metrics: Metrics;
  /** Seconds since the start. */
  readonly uptime: () => number;
  /** Whether the server is stopping. */
  readonly draining: () => boolean;
  /** Whether the store answers. */
  readonly storeAnswers: () => Promise<boolean>;
}

const NO_STORE = { "cache-control": "no-store" };

/** The routes of operations. */
export function opsRoutes({ metrics, draining, storeAnswers, ...options }: OpsOptions): Routes {
  const health = (): Health =>
    healthOf({
      version: options.version,
      demo: options.demo,
      uptime: options.uptime(),
      upstream: options.upstream().name,
      credential: options.upstream().credential.health(),
    });
  return {
    surface: "ops",
    paths: {
      "/health": { GET: () => Response.json(health(), { headers: NO_STORE }) },
      "/health/live": { GET: () => Response.json({ status: "ok" }, { headers: NO_STORE }) },
      "/health/ready": {
        GET: async () => readiness(draining() ? "draining" : await storeAnswers() ? null : "storage_unavailable"),
      },
      "/metrics": {
        GET: async () =>
          new Response(await metrics.render(), { headers: { ...NO_STORE, "content-type": metrics.contentType } }),
      },
    },
  };
}

function readiness(reason: "draining" | "storage_unavailable" | null): Response {
  if (reason === null) return Response.json({ status: "ok" }, { headers: NO_STORE });
  return Response.json({ status: "unavailable", reason }, {
    status: 503,
    headers: { ...NO_STORE, "retry-after": "5" },
  });
}
