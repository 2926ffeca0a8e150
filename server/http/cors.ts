/** Cross-origin access for the configured origins; off without any. */
export interface Cors {
  /** The answer to a preflight from an allowed origin; null when the request is none. */
  preflight(request: Request): Response | null;
  /** Marks an answer as readable by the page that asked, if its origin is allowed. */
  allow(request: Request, response: Response): void;
}

/** What a page may read of an answer's head beside what it always may. */
const READABLE = ["limit", "remaining", "reset"].flatMap((what) => [
  `x-ratelimit-${what}-requests`,
  `x-ratelimit-${what}-tokens`,
]).concat("x-request-id", "retry-after").join(", ");

/** @see Fetch Standard, "CORS protocol" */
export function createCors(origins: readonly string[]): Cors {
  const allowed = (request: Request): string | null => {
    const origin = request.headers.get("origin");
    return origin !== null && origins.includes(origin) ? origin : null;
  };
  return {
    preflight(request) {
      if (request.method !== "OPTIONS" || !request.headers.has("access-control-request-method")) return null;
      if (allowed(request) === null) return null;
      return new Response(null, {
        status: 204,
        headers: {
          "access-control-allow-methods": "GET, POST, PATCH, DELETE",
          "access-control-allow-headers": request.headers.get("access-control-request-headers") ?? "",
          "access-control-max-age": "600",
        },
      });
    },
    allow(request, response) {
      response.headers.append("vary", "origin");
      const origin = allowed(request);
      if (origin === null) return;
      response.headers.set("access-control-allow-origin", origin);
      response.headers.set("access-control-expose-headers", READABLE);
    },
  };
}
