import { type Context, Hono } from "hono";
import { RegExpRouter } from "hono/router/reg-exp-router";
import { GatehouseError } from "../errors/mod.ts";
import { redactText, type Surface } from "../telemetry/mod.ts";
import { errorResponse } from "./error_response.ts";
import type { Exchange, Handler, RouteLabel, Router } from "./exchange.ts";

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
  // hono's exact and fastest router cannot hold a path beside a pattern that it matches (`/users/me`, `/users/:id`).
  const patterns = router(({ req }) => {
    throw new GatehouseError(
      "not_found",
      `Cannot answer ${req.method} ${shown(req.path)}: there is nothing here; the API begins at /v1`,
    );
  });
  const paths = router(({ req, env }) => patterns.fetch(req.raw, env));
  for (const { surface, paths: handlers } of surfaces) {
    for (const [path, methods] of Object.entries(handlers)) {
      const isPattern = path.includes(":");
      addRoute(isPattern ? patterns : paths, path, methods, { surface, pattern: patternOf(path) });
    }
  }
  return paths;
}

type App = Hono<{ readonly Bindings: Exchange }>;

function router(notFound: (call: Context<{ readonly Bindings: Exchange }>) => Response | Promise<Response>): App {
  const app: App = new Hono({ router: new RegExpRouter() });
  app.onError((error) => {
    throw error;
  });
  app.notFound(notFound);
  return app;
}

function addRoute(app: App, path: string, methods: Methods, label: RouteLabel): void {
  const handlers = new Map(Object.entries(methods));
  const get = handlers.get("GET");
  if (get !== undefined) handlers.set("HEAD", get);
  const allow = [...handlers.keys()].join(", ");
  app.all(path, (context) => {
    const { req, env } = context;
    env.route = label;
    const handler = handlers.get(req.method);
    if (handler !== undefined) return handler(context);
    const text = `Cannot answer ${req.method} ${shown(req.path)}: this path takes ${allow}`;
    const response = errorResponse(new GatehouseError("method_not_allowed", text));
    response.headers.set("allow", allow);
    return response;
  });
}

/** A path as an error repeats it: people put keys into paths. */
function shown(path: string): string {
  return redactText(path.slice(0, 200));
}
