import { type Handler, Hono } from "hono";
import { GatehouseError } from "../errors/mod.ts";
import type { Surface } from "../telemetry/mod.ts";
import { errorResponse } from "./error_response.ts";
import type { Env } from "./exchange.ts";

/** The handlers of one path by method. `GET` answers `HEAD` too. */
export type Methods = Readonly<Partial<Record<"GET" | "POST" | "PATCH" | "DELETE", Handler<Env>>>>;

/** The routes of one surface: paths in hono's pattern language with their handlers. */
export interface Routes {
  readonly surface: Surface;
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
export function createRoutes(surfaces: readonly Routes[]): Hono<Env> {
  const app = new Hono<Env>();
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
      app.all(path, (context, next) => {
        const { req, env } = context;
        env.route = label;
        const handler = handlers.get(req.method);
        if (handler !== undefined) return handler(context, next);
        const text = `Cannot answer ${req.method} ${req.path.slice(0, 200)}: this path takes ${allow}`;
        const response = errorResponse(new GatehouseError("method_not_allowed", text));
        response.headers.set("allow", allow);
        return response;
      });
    }
  }
  return app;
}
