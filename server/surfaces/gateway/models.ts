import { mayUse } from "../../accounts/mod.ts";
import { GatehouseError } from "../../errors/mod.ts";
import type { Handler } from "../../http/mod.ts";
import { headersDown } from "../../inference/mod.ts";
import type { GatewayOptions } from "./options.ts";

/** `GET /api/v1/llm/models`: those that the caller may use. Where nothing is known, the upstream's refusal says why. */
export function listModels({ resolve }: Pick<GatewayOptions, "resolve">): Handler {
  return async ({ env }) => {
    const { models, upstream } = resolve(null);
    const list = await models.list(env.signal);
    if (list.source === "settings" && list.models.length === 0) {
      const answer = await models.ask(null, env.signal);
      if (answer !== null && answer.status >= 500) {
        throw new GatehouseError(
          "upstream_failed",
          `Cannot list the models: upstream ${upstream.name} failed with status ${answer.status}; try again`,
        );
      }
      if (answer !== null && answer.status >= 400) {
        return new Response(answer.body, { status: answer.status, headers: headersDown(answer.headers) });
      }
    }
    return Response.json({ data: list.models.filter(({ id }) => mayUse(env.who, id)), next_cursor: null });
  };
}
