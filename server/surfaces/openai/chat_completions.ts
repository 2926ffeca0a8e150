import { GatehouseError } from "../../errors/mod.ts";
import { demandJson, type Handler, readRequestBody } from "../../http/mod.ts";
import { chooseModel, openaiChat, readChatRequest } from "../../upstream/mod.ts";
import type { OpenAIOptions } from "./options.ts";

/** `POST /v1/chat/completions`: the body goes up as it came, the answer comes down as it came. */
export function chatCompletions({ resolve, inference, maxBodyBytes }: OpenAIOptions): Handler {
  return async ({ req, env }) => {
    const request = req.raw;
    demandJson(request);
    const body = await readRequestBody(request, maxBodyBytes);
    const chat = readChatRequest(body);
    if (!chat.ok) {
      throw new GatehouseError(
        "invalid_json",
        `Cannot read this chat request: ${chat.reason}; send one JSON object, each key once`,
      );
    }
    if (chat.model.kind === "invalid") {
      throw new GatehouseError(
        "invalid_field",
        "Cannot read this chat request: `model` is not a string; name a model of GET /v1/models",
        { param: "model" },
      );
    }
    const asked = chat.model.kind === "named" ? chat.model.name : null;
    const { upstream, models } = resolve(asked);
    const model = await chooseModel(asked, { upstream, models }, "/v1/models", env.signal);
    const answer = await inference.bytes({
      upstream,
      who: env.who,
      model,
      maxOutput: models.maxOutput(model),
      dialect: openaiChat,
      request: chat,
      setModel: asked === null,
      headers: env.headers,
      signal: env.signal,
      startedAt: env.startedAt,
      log: env.log,
    });
    env.told = true;
    return new Response(answer.body, { status: answer.status, headers: answer.headers });
  };
}
