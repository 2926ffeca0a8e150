import type { Handler } from "../../http/mod.ts";
import type { GatewayOptions } from "./options.ts";
import { readUsageQuery } from "./usage_query.ts";

/** `GET /api/v1/llm/usage`: what was used; an admin sees everybody's, others their own. */
export function usageSums({ usage, clock }: Pick<GatewayOptions, "usage" | "clock">): Handler {
  return async ({ req, env: { who } }) => {
    const query = readUsageQuery(new URL(req.raw.url).searchParams, clock.now());
    const { items, nextCursor } = await usage.sum({ ...query, userId: who.role === "admin" ? null : who.userId });
    const data = items.map(({ key, requests, prompt_tokens, completion_tokens, estimated, cost }) => ({
      key,
      requests,
      prompt_tokens,
      completion_tokens,
      estimated,
      cost,
    }));
    return Response.json({ data, next_cursor: nextCursor });
  };
}
