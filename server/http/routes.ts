import { Hono } from "hono";
import { GatehouseError } from "../errors/mod.ts";
import type { Surface } from "../telemetry/mod.ts";
import { errorResponse } from "./error_response.ts";
import type { Exchange, Handler, Router } from "./exchange.ts";

/** The handlers of one path by method. `GET` answers `HEAD` too. */
export type Methods = Readonly<Partial<Record<"GET" | "POST" | "PATCH" | "DELETE", Handler>>>;

/** The routes of one surface: paths in hono's pattern language with their handlers. */
export interface Routes {
  /** Whose routes they are. */
  readonly surface: Surface;
  /** The handlers by pattern. */
  readonly paths: Readonly<Record<string, Methods>>;
}

/** A route as it is shown: `/v1/models/{id}` for `/v1/models/:id{.+}`. */
export function patternOf(path: string): string {
  return path.replace(/:(\w+)(?:\{[^}]*\})?/g, "{$1}");
}

/**
 * Routes whose unknown paths are 404 and whose unknown methods are 405, both in the one error body. Errors are thrown
 * through to the front.
 */
export function createRoutes(surfaces: readonly Routes[]): Router {
  const app = new Hono<{ readonly Bindings: Exchange }>();
  app.onError((error) => {
    throw error;
  });
  app.notFound(({ req }) => {
    throw new GatehouseError(
      "not_found",
      `Cannot answer ${req.method} ${req.path.slice(0, 200)}: there is nothing here; the API begins at /v1`,
    );
  });
  for (const { surface, paths } of surfaces) {
    for (const [path, methods] of Object.entries(paths)) {
      const label = { surface, pattern: patternOf(path) };
      const handlers = new Map(Object.entries(methods));
      const get = handlers.get("GET");
      if (get !== undefined) handlers.set("HEAD", get);
      const allow = [...handlers.keys()].join(", ");
      app.all(path, (context) => {
        const { req, env } = context;
        env.route = label;
        const handler = handlers.get(req.method);
        if (handler !== undefined) return handler(context);
        const text = `Cannot answer ${req.method} ${req.path.slice(0, 200)}: this path takes ${allow}`;
        const response = errorResponse(new GatehouseError("method_not_allowed", text));
        response.headers.set("allow", allow);
        return response;
      });
    }
  }
  return app;
}
