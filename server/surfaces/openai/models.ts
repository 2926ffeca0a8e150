import type { Handler } from "hono";
import { GatehouseError } from "../../errors/mod.ts";
import type { Env } from "../../http/mod.ts";
import type { OpenAIOptions } from "./routes.ts";

/** `GET /v1/models`, in OpenAI's shape. */
export function listModels({ resolve }: OpenAIOptions): Handler<Env> {
  return async ({ env }) => {
    const { models } = await resolve(null).models.list(env.signal);
    return Response.json({ object: "list", data: models });
  };
}

/** `GET /v1/models/{id}`; ids may hold slashes. */
export function retrieveModel({ resolve }: OpenAIOptions): Handler<Env> {
  return async ({ req, env }) => {
    const id = req.param("id") ?? "";
    const { models, upstream } = resolve(id);
    const wanted = id === "default" ? upstream.settings.defaultModel ?? id : id;
    if (!await models.lacks(wanted, env.signal)) {
      const model = (await models.list(env.signal)).models.find((model) => model.id === wanted);
      if (model !== undefined) return Response.json(model);
    }
    throw new GatehouseError(
      "model_not_found",
      `Cannot show the model ${
        JSON.stringify(id.slice(0, 200))
      }: it is not in the list; choose one from GET /v1/models`,
      { param: "model" },
    );
  };
}
