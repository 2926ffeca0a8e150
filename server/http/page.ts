import type { Page, PageOptions } from "../accounts/mod.ts";
import { GatehouseError } from "../errors/mod.ts";

const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 200;

/**
 * The page that a list's query asks for.
 *
 * @param others what the list takes beside `limit` and `cursor`
 * @throws {GatehouseError} `invalid_field`, naming the parameter
 */
export function pageOf(query: URLSearchParams, others: readonly string[] = []): PageOptions {
  for (const name of query.keys()) {
    const isKnown = name === "limit" || name === "cursor" || others.includes(name);
    if (isKnown && query.getAll(name).length === 1) continue;
    const param = name.slice(0, 100);
    const what = isKnown ? "stands there twice; send it once" : "is not a parameter of this list; leave it out";
    throw new GatehouseError("invalid_field", `Cannot show this list: \`${param}\` ${what}`, { param });
  }
  const text = query.get("limit");
  const limit = text === null ? DEFAULT_LIMIT : /^\d{1,3}$/.test(text) ? Number(text) : 0;
  if (limit < 1 || limit > MAX_LIMIT) {
    throw new GatehouseError(
      "invalid_field",
      `Cannot show this list: \`limit\` is wrong: expected a whole number from 1 to ${MAX_LIMIT}`,
      { param: "limit" },
    );
  }
  return { limit, cursor: query.get("cursor") };
}

/** A page as the client is shown it. */
export function pageAnswer<T>({ items, nextCursor }: Page<T>, bodyOf: (item: T) => unknown): Response {
  return Response.json({ data: items.map(bodyOf), next_cursor: nextCursor });
}
