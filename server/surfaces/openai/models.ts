import { mayUse } from "../../accounts/mod.ts";
import { GatehouseError } from "../../errors/mod.ts";
import type { Handler } from "../../http/mod.ts";
import { headersDown } from "../../inference/mod.ts";
import type { ModelsAnswer } from "../../upstream/mod.ts";
import type { OpenAIOptions } from "./options.ts";

/** `GET /v1/models`, in OpenAI's shape. Where nothing at all is known, the upstream's own answer says why. */
export function listModels({ resolve }: OpenAIOptions): Handler {
  return async ({ env }) => {
    const { models } = resolve(null);
    const list = await models.list(env.signal);
    const answer = list.source === "settings" && list.models.length === 0 ? await models.ask(null, env.signal) : null;
    if (answer !== null) return responseOf(answer);
    return Response.json({ object: "list", data: list.models.filter(({ id }) => mayUse(env.who, id)) });
  };
}

/** `GET /v1/models/{id}`; ids may hold slashes. Where the upstream gives no list, it is asked for the model itself. */
export function retrieveModel({ resolve }: OpenAIOptions): Handler {
  return async ({ req, env }) => {
    const id = req.param("id") ?? "";
    const { models, upstream } = resolve(id);
    const wanted = id === "default" ? upstream.settings.defaultModel ?? id : id;
    // To whom a model is not allowed it does not exist.
    const lacks = !mayUse(env.who, wanted) || await models.lacks(wanted, env.signal);
    const list = await models.list(env.signal);
    const model = list.models.find((model) => model.id === wanted);
    if (model !== undefined && !lacks) return Response.json(model);
    const answer = lacks ? null : await models.ask(wanted, env.signal);
    if (answer !== null) return responseOf(answer);
    throw new GatehouseError(
      "model_not_found",
      `Cannot show the model ${
        JSON.stringify(id.slice(0, 200))
      }: it is not in the list; choose one from GET /v1/models`,
      { param: "model" },
    );
  };
}

function responseOf({ status, headers, body }: ModelsAnswer): Response {
  return new Response(status === 204 || status === 205 ? null : body, { status, headers: headersDown(headers) });
}
