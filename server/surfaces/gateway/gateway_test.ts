import { assertEquals } from "@std/assert";
import { LOCAL_USER, type Who } from "../../accounts/mod.ts";
import { FakeClock } from "../../effects/fake_clock.ts";
import { type ErrorCode, GatehouseError } from "../../errors/mod.ts";
import { asGatehouseError, createRoutes, errorResponse, type Exchange } from "../../http/mod.ts";
import type { EventAnswer, EventCall } from "../../inference/mod.ts";
import { silentLogger } from "../../telemetry/mod.ts";
import type { Model, ModelEvent, ModelsAnswer } from "../../upstream/mod.ts";
import type { UsageQuery } from "../../usage/mod.ts";
import type { GatewayOptions } from "./options.ts";
import { gatewayRoutes } from "./routes.ts";

const USAGE = { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7, estimated: false };
const COST = { micros: 12, currency: "USD" };
const START: ModelEvent = { type: "start", id: "c1", model: "m1-2026" };
const text = (text: string, choice = 0): ModelEvent => ({ type: "text", choice, text });
const FINISH: ModelEvent = { type: "finish", choice: 0, reason: "stop" };
const CALL = { type: "tool_call_delta", choice: 0 } as const;
const HI = [{ role: "user", content: "hi" }];

/** The surface over a fake of the rooms below. */
class Surface {
  readonly clock = new FakeClock();
  readonly calls: EventCall[] = [];
  readonly queries: UsageQuery[] = [];
  events: readonly ModelEvent[] = [START, text("hi"), FINISH];
  failure: Error | null = null;
  refusal: EventAnswer | null = null;
  defaultModel: string | null = "m1";
  list: readonly Model[] = [{ id: "m1", object: "model" }, { id: "m2", object: "model" }];
  asked: ModelsAnswer | null = null;
  who: Who = LOCAL_USER;

  async fetch(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = { "content-type": "application/json" };
    const request = new Request(`http://gate/api/v1/llm${path}`, { headers, ...init });
    const exchange: Exchange = {
      ...EXCHANGE,
      who: this.who,
      signal: request.signal,
      startedAt: this.clock.monotonic() - 1234.4,
    };
    try {
      return await createRoutes([gatewayRoutes(this.#options())]).fetch(request, exchange);
    } catch (error) {
      return errorResponse(asGatehouseError(error));
    }
  }

  post(path: string, body: unknown): Promise<Response> {
    return this.fetch(path, { method: "POST", body: JSON.stringify(body) });
  }

  /** The frames of a stream, parsed where they are JSON. */
  async frames(body: unknown): Promise<unknown[]> {
    const text = await (await this.post("/chat/stream", body)).text();
    return text.split("\n\n").filter((frame) => frame !== "").map((frame) => {
      const data = frame.replace(/^data: /, "");
      return data === "[DONE]" ? data : JSON.parse(data);
    });
  }

  async *#say(): AsyncGenerator<ModelEvent, void, undefined> {
    yield* this.events;
    if (this.failure !== null) throw this.failure;
  }

  #options(): GatewayOptions {
    const lacks = (model: string) => Promise.resolve(!this.list.some(({ id }) => id === model));
    const far = {
      upstream: { name: "u", settings: { defaultModel: this.defaultModel } },
      models: {
        list: () => Promise.resolve({ source: this.asked === null ? "upstream" : "settings", models: this.list }),
        lacks,
        ask: () => Promise.resolve(this.asked),
        maxOutput: () => 99,
      },
    };
    return {
      // The fake has what the surface asks of an upstream, and no more.
      resolve: () => far as unknown as ReturnType<GatewayOptions["resolve"]>,
      inference: {
        events: (call) => {
          this.calls.push(call);
          const headers = { "content-type": "text/plain", "x-ratelimit-remaining-requests": "3" };
          const bill = () => ({ usage: USAGE, cost: COST });
          return Promise.resolve(this.refusal ?? { kind: "events", headers, events: this.#say(), bill });
        },
      },
      usage: {
        sum: (query) => {
          this.queries.push(query);
          const item = { key: "m1", requests: 1, prompt_tokens: 5, completion_tokens: 2, estimated: 0, cost: COST };
          return Promise.resolve({ items: [item], nextCursor: "next" });
        },
      },
      clock: this.clock,
      maxBodyBytes: 1000,
    };
  }
}

const EXCHANGE = {
  id: "r",
  address: "127.0.0.1",
  headers: [["openai-organization", "o"]],
  log: silentLogger,
  route: null,
  told: false,
} as const;

async function refused(response: Response, status: number, code: ErrorCode, param: string | null = null) {
  const { error } = await response.json();
  assertEquals([response.status, error.code, error.param], [status, code, param]);
}

Deno.test("POST chat answers field for field", async () => {
  const surface = new Surface();
  surface.events = [
    START,
    { type: "reasoning", choice: 0, text: "hm" },
    text("he"),
    text("other", 1),
    text("llo"),
    { ...CALL, index: 0, id: "t1", name: "f", arguments: '{"a":' },
    { ...CALL, index: 1, id: "t2", name: "g", arguments: "{a:1}" },
    { ...CALL, index: 0, arguments: "1}" },
    { ...CALL, index: 2, id: "t3", name: "h", arguments: "" },
    { ...CALL, index: 3, id: "t4", name: "i", arguments: "[1]" },
    FINISH,
  ];
  const answer = await surface.post("/chat", { messages: HI });
  assertEquals([answer.status, answer.headers.get("content-type")], [200, "application/json"]);
  assertEquals(answer.headers.get("x-ratelimit-remaining-requests"), "3");
  assertEquals(await answer.json(), {
    content: "hello",
    model: "m1-2026",
    usage: USAGE,
    tool_calls: [
      { id: "t1", name: "f", arguments: { a: 1 } },
      { id: "t2", name: "g", arguments: { _raw: "{a:1}" } },
      { id: "t3", name: "h", arguments: {} },
      { id: "t4", name: "i", arguments: { _raw: "[1]" } },
    ],
    latency_ms: 1234,
    cost: COST,
  });
});

Deno.test("POST chat with nothing said is an empty content of the model that was asked", async () => {
  const surface = new Surface();
  surface.events = [{ type: "start", id: null, model: null }, FINISH];
  const { content, model, tool_calls } = await (await surface.post("/chat", { messages: HI, model: "m2" })).json();
  assertEquals([content, model, tool_calls], ["", "m2", []]);
});

Deno.test("POST chat sends what was asked, and null counts as absent", async () => {
  const surface = new Surface();
  await surface.post("/chat", { messages: HI, model: "m2", temperature: 0.5, max_tokens: 7, timeout: 1.5 });
  await surface.post("/chat", { messages: HI, model: "default", temperature: null, tools: null, timeout: null });
  await surface.frames({ messages: HI, model: null, timeout: 1e12 });
  const sent = surface.calls.map(({ model, maxOutput, body, stream, timeout }) => ({
    model,
    maxOutput,
    body,
    stream,
    timeout,
  }));
  assertEquals(sent, [
    {
      model: "m2",
      maxOutput: 99,
      body: { messages: HI, temperature: 0.5, max_tokens: 7 },
      stream: false,
      timeout: 1500,
    },
    { model: "m1", maxOutput: 99, body: { messages: HI }, stream: false, timeout: null },
    { model: "m1", maxOutput: 99, body: { messages: HI }, stream: true, timeout: 86_400_000 },
  ]);
});

Deno.test("POST chat refuses a wrong request before anything is sent", async () => {
  const surface = new Surface();
  const cases = [
    [{}, "messages"],
    [{ messages: [] }, "messages"],
    [{ messages: ["hi"] }, "messages.0"],
    [{ messages: HI, temperature: "hot" }, "temperature"],
    [{ messages: HI, max_tokens: 0 }, "max_tokens"],
    [{ messages: HI, tools: [1] }, "tools.0"],
    [{ messages: HI, tool_choice: 1 }, "tool_choice"],
    [{ messages: HI, timeout: 0 }, "timeout"],
    [{ messages: HI, model: 5 }, "model"],
    [{ messages: HI, stream: true }, "stream"],
  ] as const;
  for (const path of ["/chat", "/chat/stream"]) {
    for (const [body, param] of cases) await refused(await surface.post(path, body), 422, "invalid_field", param);
    await refused(await surface.post(path, { messages: HI, model: "m9" }), 404, "model_not_found", "model");
    await refused(await surface.fetch(path, { method: "POST", body: "{" }), 400, "invalid_json");
    await refused(await surface.post(path, { messages: ["x".repeat(1000)] }), 413, "body_too_large");
  }
  surface.defaultModel = null;
  await refused(await surface.post("/chat", { messages: HI }), 400, "model_required", "model");
  assertEquals(surface.calls.length, 0);
});

Deno.test("POST chat passes an upstream's refusal on, and a failure is the one error body", async () => {
  for (const path of ["/chat", "/chat/stream"]) {
    const surface = new Surface();
    const headers = { "content-type": "application/problem+json", "retry-after": "7" };
    surface.refusal = { kind: "refused", status: 429, headers, body: new TextEncoder().encode('{"x":1}') };
    const answer = await surface.post(path, { messages: HI });
    assertEquals([answer.status, await answer.text()], [429, '{"x":1}']);
    assertEquals([...answer.headers], [["content-type", "application/problem+json"], ["retry-after", "7"]]);
  }
  const surface = new Surface();
  surface.failure = new GatehouseError("upstream_truncated", "it was cut off");
  await refused(await surface.post("/chat", { messages: HI }), 502, "upstream_truncated");
});

Deno.test("POST chat/stream gives a frame for each text, then what is known at the end, then the end mark", async () => {
  const surface = new Surface();
  surface.events = [START, text("he"), text("x", 1), text("llo"), {
    ...CALL,
    index: 0,
    id: "t",
    name: "f",
    arguments: "{}",
  }];
  assertEquals(await surface.frames({ messages: HI }), [
    { content: "he", model: "m1-2026", is_final: false },
    { content: "llo", model: "m1-2026", is_final: false },
    {
      content: "",
      model: "m1-2026",
      tool_calls: [{ id: "t", name: "f", arguments: {} }],
      usage: USAGE,
      is_final: true,
    },
    "[DONE]",
  ]);
  surface.events = [START];
  assertEquals(await surface.frames({ messages: HI }), [
    { content: "", model: "m1-2026", usage: USAGE, is_final: true },
    "[DONE]",
  ]);
  const answer = await surface.post("/chat/stream", { messages: HI });
  assertEquals(answer.headers.get("content-type"), "text/event-stream");
  assertEquals(answer.headers.get("x-ratelimit-remaining-requests"), "3");
  await answer.body?.cancel();
});

Deno.test("POST chat/stream ends with an error frame and no end mark when the answer fails", async () => {
  const surface = new Surface();
  surface.events = [START, text("he")];
  surface.failure = new GatehouseError("upstream_failed", "it broke");
  const first = { content: "he", model: "m1-2026", is_final: false };
  assertEquals(await surface.frames({ messages: HI }), [first, { error: "upstream_failed", detail: "it broke" }]);
  surface.failure = new TypeError("a secret");
  const [, last] = await surface.frames({ messages: HI });
  assertEquals(Object.entries(last ?? {}).map(([name, value]) => name === "error" ? value : value.includes("secret")), [
    "internal_error",
    false,
  ]);
});

Deno.test("GET models lists what the caller may use", async () => {
  const surface = new Surface();
  const ids = async () => (await (await surface.fetch("/models")).json()).data.map(({ id }: Model) => id);
  assertEquals(await (await surface.fetch("/models")).json(), { data: surface.list, next_cursor: null });
  surface.who = { ...LOCAL_USER, models: [["m1", "m2"], ["m2"]] };
  assertEquals(await ids(), ["m2"]);
});

Deno.test("GET models says why nothing is known", async () => {
  const surface = new Surface();
  surface.list = [];
  const body = new TextEncoder().encode("{}");
  surface.asked = {
    status: 403,
    headers: new Headers({ "set-cookie": "a=b", "content-type": "application/json" }),
    body,
  };
  const refusal = await surface.fetch("/models");
  assertEquals([refusal.status, refusal.headers.get("set-cookie"), await refusal.text()], [403, null, "{}"]);
  surface.asked = { status: 503, headers: new Headers(), body };
  await refused(await surface.fetch("/models"), 502, "upstream_failed");
});

Deno.test("GET usage sums everybody's for an admin, and their own for others", async () => {
  const surface = new Surface();
  const answer = await surface.fetch("/usage?group_by=day&limit=5");
  assertEquals(await answer.json(), {
    data: [{ key: "m1", requests: 1, prompt_tokens: 5, completion_tokens: 2, estimated: 0, cost: COST }],
    next_cursor: "next",
  });
  surface.who = { ...LOCAL_USER, userId: "u1", role: "user" };
  await surface.fetch("/usage");
  assertEquals(surface.queries, [
    { from: "2025-12-03", to: "2026-01-01", groupBy: "day", limit: 5, cursor: null, userId: null },
    { from: "2025-12-03", to: "2026-01-01", groupBy: "model", limit: 100, cursor: null, userId: "u1" },
  ]);
  await refused(await surface.fetch("/usage?user_id=u2"), 422, "invalid_field", "user_id");
});
