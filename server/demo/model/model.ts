import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import type { Clock } from "../../effects/mod.ts";
import type { Handler } from "../listen.ts";
import { type Random, randomToken } from "../random.ts";
import { MODELS } from "./catalog.ts";
import { answerChat } from "./chat.ts";
import { OpenAIError } from "./openai_error.ts";

/** What the model is built from. */
export interface ModelOptions {
  /** Whether an access token is good now. */
  readonly accepts: (accessToken: string) => boolean;
  readonly clock: Clock;
  readonly random: Random;
  /** Aborts when the demo stops: what is being answered breaks off. */
  readonly stop: AbortSignal;
}

const MOST_BODY_BYTES = 32 * 1024 * 1024;

/** The demo model as a request handler. */
export function createModel({ accepts, clock, random, stop }: ModelOptions): Handler {
  const app = new Hono();
  app.use("/v1/*", (c, next) => {
    demandToken(c.req.header("authorization"), accepts);
    return next();
  });
  app.get("/v1/models", () => Response.json({ object: "list", data: MODELS }));
  app.get("/v1/models/:id", (c) => Response.json(modelOf(c.req.param("id"))));
  app.use("/v1/chat/completions", bodyLimit({ maxSize: MOST_BODY_BYTES, onError: () => tooLarge().toResponse() }));
  app.post("/v1/chat/completions", async (c) => {
    const signal = AbortSignal.any([c.req.raw.signal, stop]);
    const id = `chatcmpl-${randomToken(random).slice(0, 24)}`;
    return await answerChat({ body: await c.req.text(), id, modelOf, clock, signal });
  });
  app.notFound((c) => new OpenAIError(404, `Invalid URL (${c.req.method} ${c.req.path})`).toResponse());
  app.onError((error, c) => {
    if (error instanceof OpenAIError) return error.toResponse();
    if (c.req.raw.signal.aborted) return new Response(null, { status: 499 });
    if (stop.aborted) return new OpenAIError(503, "The demo model is stopping.").toResponse();
    return new OpenAIError(500, "The demo model has a fault.").toResponse();
  });
  return (request) => app.fetch(request);
}

function demandToken(header: string | undefined, accepts: (token: string) => boolean): void {
  if (header === undefined) {
    throw new OpenAIError(401, "You didn't provide an access token. Send `Authorization: Bearer <access token>`.");
  }
  const [, token] = /^Bearer +(\S+)$/i.exec(header) ?? [];
  if (token !== undefined && accepts(token)) return;
  throw new OpenAIError(401, "The access token is unknown, expired or revoked.", { code: "invalid_api_key" });
}

function modelOf(id: string) {
  const found = MODELS.find((model) => model.id === id);
  if (found) return found;
  const details = { code: "model_not_found", param: "model" };
  throw new OpenAIError(404, `The model '${id.slice(0, 100)}' does not exist; there are ${known()}.`, details);
}

function known(): string {
  return MODELS.map((model) => `'${model.id}'`).join(" and ");
}

function tooLarge(): OpenAIError {
  return new OpenAIError(413, "The request is larger than 32 MiB.");
}
