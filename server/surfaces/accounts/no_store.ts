import { GatehouseError } from "../../errors/mod.ts";
import type { Handler, Methods, Routes } from "../../http/mod.ts";

const NO_STORE = { "cache-control": "no-store" };

/** Marks every answer of these routes, refusals too, as not to be kept by any cache. */
export function noStore(paths: Routes["paths"]): Routes["paths"] {
  return Object.fromEntries(Object.entries(paths).map(([path, methods]) => [path, marked(methods)]));
}

function marked(methods: Methods): Methods {
  return Object.fromEntries(Object.entries(methods).map(([method, handler]) => [method, mark(handler)]));
}

function mark(handler: Handler): Handler {
  return async (call) => {
    try {
      const response = await handler(call);
      response.headers.set("cache-control", "no-store");
      return response;
    } catch (error) {
      if (!(error instanceof GatehouseError)) throw error;
      const { code, message, param, retryAfterSeconds, headers } = error;
      throw new GatehouseError(code, message, {
        ...(param === null ? {} : { param }),
        ...(retryAfterSeconds === null ? {} : { retryAfterSeconds }),
        headers: { ...headers, ...NO_STORE },
      });
    }
  };
}
