import type { Canaries } from "./canary.ts";

/** What the hostile token endpoint does once it has issued one pair. */
export const TOKEN_FAULTS = [
  "none",
  "invalid_grant",
  "500",
  "429",
  "page",
  "no_token",
  "wrong_types",
  "broken",
] as const;
export type TokenFault = typeof TOKEN_FAULTS[number];

/** A provider and a model that throw every secret they are given back at the gate. */
export class Hostile implements AsyncDisposable {
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #issued = new Set<string>();
  /** Everything that was sent here: heads and bodies. The suite checks that its secrets did arrive. */
  received = "";

  constructor(private readonly canaries: Canaries) {
    this.#server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (it) => this.#serve(it));
  }

  get url(): string {
    return `http://127.0.0.1:${this.#server.addr.port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }

  async #serve(request: Request): Promise<Response> {
    const url = new URL(request.url);
    const body = await request.text();
    this.received += `${request.url}\n${JSON.stringify([...request.headers])}\n${body}\n`;
    if (url.pathname.startsWith("/token/")) return this.#token(url.pathname.slice(7), request, body);
    const authorization = request.headers.get("authorization") ?? request.headers.get("x-api-key") ?? "";
    if (request.method === "GET") {
      return Response.json({ error: { message: `No list for ${authorization}` } }, { status: 403 });
    }
    // A check whether anybody is here; it is thrown back as well.
    if (body === "") return Response.json({ error: { message: `Nothing asked by ${authorization}` } }, { status: 400 });
    return model(JSON.parse(body).messages[0].content, authorization);
  }

  #token(fault: string, request: Request, body: string): Response {
    if (body === "") return failure("empty", `${request.headers.get("authorization")}`);
    const first = !this.#issued.has(fault);
    this.#issued.add(fault);
    const echo = `${request.headers.get("authorization")} ${body} ${new URLSearchParams(body).get("refresh_token")}`;
    if (first || fault === "none") {
      return Response.json({
        token_type: "Bearer",
        access_token: this.canaries.make(`access token of ${fault}`),
        refresh_token: this.canaries.make(`next refresh token of ${fault}`),
        id_token: this.canaries.make(`id token of ${fault}`),
        expires_in: fault === "none" ? 600 : 1,
      });
    }
    return failure(fault, echo);
  }
}

function failure(fault: string, echo: string): Response {
  switch (fault) {
    case "invalid_grant":
      return Response.json({ error: "invalid_grant", error_description: echo, error_uri: echo }, { status: 400 });
    case "429":
      return Response.json({ error: "slow_down", error_description: echo }, {
        status: 429,
        headers: { "retry-after": "1" },
      });
    case "page":
      return new Response(`<html>${echo}</html>`, { headers: { "content-type": "text/html" } });
    case "no_token":
      return Response.json({ token_type: "Bearer", note: echo });
    case "wrong_types":
      return Response.json({ token_type: echo, access_token: { echo }, refresh_token: [echo], expires_in: echo });
    case "broken":
      return new Response(breakingOff(`{"access_token":"${echo}`), { headers: { "content-type": "application/json" } });
    default:
      return Response.json({ error: echo, error_description: echo }, { status: 500 });
  }
}

/** What the model is told to do by its first message. */
export const MODEL_PROMPTS = ["good", "401", "403", "500", "302", "cut", "silent"] as const;

function model(prompt: string, authorization: string): Response {
  const echo = { error: { message: `Not with ${authorization}`, type: "t", param: null, code: authorization } };
  switch (prompt) {
    case "401":
    case "403":
    case "500":
      return Response.json(echo, {
        status: Number(prompt),
        headers: { "www-authenticate": `Bearer error="${authorization}"`, "set-cookie": `a=${authorization}` },
      });
    case "302":
      return new Response(null, { status: 302, headers: { location: `http://127.0.0.1:1/?token=${authorization}` } });
    case "cut":
      return new Response(breakingOff('data: {"choices":[{"index":0,"delta":{"content":"a"}}]}\n\ndata: {'), {
        headers: { "content-type": "text/event-stream" },
      });
    case "silent":
      return new Response(new ReadableStream({ start() {} }), { headers: { "content-type": "text/event-stream" } });
    default:
      return Response.json({ id: "x", object: "chat.completion", created: 1, model: "e2e", choices: [] }, {
        headers: { "set-cookie": `a=${authorization}`, "x-ratelimit-limit-requests": "5" },
      });
  }
}

function breakingOff(beginning: string): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode(beginning));
    },
    pull(controller) {
      controller.error(new Error("broken off"));
    },
  }, { highWaterMark: 0 });
}
