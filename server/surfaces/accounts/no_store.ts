import { type Methods, noStore, type Routes } from "../../http/mod.ts";

/** Marks every answer of these routes, refusals too, as not to be kept by any cache. */
export function allNoStore(paths: Routes["paths"]): Routes["paths"] {
  return Object.fromEntries(Object.entries(paths).map(([path, methods]) => [path, marked(methods)]));
}

function marked(methods: Methods): Methods {
  return Object.fromEntries(Object.entries(methods).map(([method, handler]) => [method, noStore(handler)]));
}
