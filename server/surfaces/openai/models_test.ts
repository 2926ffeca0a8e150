import { assertEquals, assertMatch } from "@std/assert";
import { FakeClock } from "../../effects/fake_clock.ts";
import {
  API_KEY,
  COMPLETION,
  expectError,
  head,
  json,
  MockProvider,
  MockUpstream,
  sendRaw,
  startGate,
} from "../../testing/mod.ts";

Deno.test("GET /v1/models gives the upstream's list in OpenAI's shape, with its own fields", async () => {
  await using upstream = new MockUpstream();
  upstream.list = () =>
    json('{"object":"list","data":[{"id":"org/a:b","created":7,"owned_by":"x","extra":{"y":[1]}}]}');
  await using gate = await startGate(upstream, { env: { ...API_KEY, LLM_EXTRA_HEADERS: "x-tenant: blue" } });
  const answer = await gate.fetch("/v1/models");
  assertEquals([answer.status, answer.headers.get("content-type")], [200, "application/json"]);
  const entry = { id: "org/a:b", object: "model", created: 7, owned_by: "x", extra: { y: [1] } };
  assertEquals(await answer.json(), { object: "list", data: [entry] });
  for (const path of ["/v1/models/org/a:b", "/v1/models/org%2Fa%3Ab"]) {
    const one = await gate.fetch(path);
    assertEquals([one.status, await one.json()], [200, entry]);
  }
  const [seen] = upstream.lists;
  assertEquals(seen?.target, "/v1/models");
  assertEquals(seen?.headers.get("authorization"), `Bearer ${API_KEY.MODEL_KEY}`);
  assertEquals(seen?.headers.get("x-tenant"), "blue");
  assertEquals(seen?.headers.get("accept-encoding"), "identity");
});

Deno.test("GET /v1/models adds what is known of window, answer length, tools and images", async () => {
  await using upstream = new MockUpstream();
  upstream.list = () =>
    Response.json({
      data: [
        { id: "plain" },
        { id: "vllm", max_model_len: 8192 },
        { id: "ours", context_window: 1, max_output_tokens: 2, capabilities: { tools: false, images: true } },
        {
          id: "openrouter",
          context_length: 128000,
          top_provider: { max_completion_tokens: 16384 },
          architecture: { input_modalities: ["text", "image"] },
          supported_parameters: ["tools", "seed"],
        },
        { id: "mistral", max_context_length: 32768, capabilities: { function_calling: true, vision: false } },
      ],
    });
  await using gate = await startGate(upstream);
  const { data } = await (await gate.fetch("/v1/models")).json();
  const known = data.map((model: Record<string, unknown>) => {
    const { tools, images } = Object(model.capabilities);
    return [model.id, model.context_window, model.max_output_tokens, tools, images];
  });
  assertEquals(known, [
    ["plain", undefined, undefined, undefined, undefined],
    ["vllm", 8192, undefined, undefined, undefined],
    ["ours", 1, 2, false, true],
    ["openrouter", 128000, 16384, true, true],
    ["mistral", 32768, undefined, true, false],
  ]);
});

Deno.test("a model that the upstream's own list lacks is 404 model_not_found, and nothing is sent", async () => {
  await using upstream = new MockUpstream();
  await using gate = await startGate(upstream);
  await (await gate.fetch("/v1/models")).body?.cancel();
  await expectError(await gate.chat('{"model":"nope"}'), 404, "model_not_found", "model");
  await expectError(await gate.fetch("/v1/models/nope"), 404, "model_not_found", "model");
  await expectError(await gate.fetch("/v1/models/no/pe"), 404, "model_not_found", "model");
  assertEquals(upstream.calls.length, 0);
});

Deno.test("a model that is new at the upstream is found before it is refused", async () => {
  await using upstream = new MockUpstream();
  const clock = new FakeClock();
  await using gate = await startGate(upstream, { clock });
  await (await gate.fetch("/v1/models")).body?.cancel();
  upstream.list = () => Response.json({ data: [{ id: "m1" }, { id: "new" }] });
  await clock.advance(6_000);
  const answer = await gate.chat('{"model":"new"}');
  await answer.body?.cancel();
  assertEquals(answer.status, 200);
});

Deno.test("LLM_MODEL_NAME goes up although the list lacks it", async () => {
  await using upstream = new MockUpstream();
  await using gate = await startGate(upstream, { env: { LLM_MODEL_NAME: "unlisted" } });
  const answer = await gate.chat("{}");
  await answer.body?.cancel();
  assertEquals([answer.status, upstream.last.text], [200, '{"model":"unlisted"}']);
});

Deno.test("LLM_MODELS_API_URL is asked where it is set", async () => {
  await using upstream = new MockUpstream();
  const env = { LLM_MODELS_API_URL: `${upstream.origin}/catalog/models?all=1` };
  await using gate = await startGate(upstream, { env });
  await (await gate.fetch("/v1/models")).body?.cancel();
  assertEquals(upstream.lists[0]?.target, "/catalog/models?all=1");
});

Deno.test("where no list URL can be told, the configured name is the list, and any name goes upstream", async () => {
  await using upstream = new MockUpstream();
  await using gate = await startGate(`${upstream.origin}/generate`);
  const { object, data } = await (await gate.fetch("/v1/models")).json();
  assertEquals([object, data.length, data[0].id, data[0].object], ["list", 1, "m1", "model"]);
  const refusal = '{"error":"no such model"}';
  upstream.answer = () => json(refusal, { status: 404 });
  const answer = await gate.chat('{"model":"other"}');
  assertEquals([answer.status, await answer.text(), upstream.last.text], [404, refusal, '{"model":"other"}']);
});

Deno.test("where the upstream gives no list, GET /v1/models/{id} asks it for the model", async () => {
  await using upstream = new MockUpstream();
  upstream.list = () => json("{}", { status: 404 });
  await using gate = await startGate(`${upstream.chatUrl}?v=1`, { env: API_KEY });
  const known = await gate.fetch("/v1/models/m1");
  assertEquals([known.status, (await known.json()).id, upstream.calls.length], [200, "m1", 0]);
  const found = '{"id":"org/other", "n":1.0}';
  upstream.answer = () => json(found, { headers: { "x-ratelimit-limit": "1", "set-cookie": "a=b" } });
  const answer = await gate.fetch("/v1/models/org/other");
  assertEquals([answer.status, await answer.text()], [200, found]);
  assertEquals([answer.headers.get("x-ratelimit-limit"), answer.headers.get("set-cookie")], ["1", null]);
  assertEquals([upstream.last.method, upstream.last.target], ["GET", "/v1/models/org%2Fother?v=1"]);
  assertEquals(upstream.last.headers.get("authorization"), `Bearer ${API_KEY.MODEL_KEY}`);
  upstream.answer = () => json(`{"error":"${API_KEY.MODEL_KEY}"}`, { status: 404 });
  const missing = await gate.fetch("/v1/models/nope");
  assertEquals([missing.status, await missing.text()], [404, '{"error":"[redacted]"}']);
  upstream.answer = () => json("{}", { status: 401 });
  await expectError(await gate.fetch("/v1/models/nope"), 502, "upstream_unauthorized");
});

Deno.test("the list is served stale after an upstream failure, and a name it lacks is still refused", async () => {
  await using upstream = new MockUpstream();
  const clock = new FakeClock();
  await using gate = await startGate(upstream, { clock });
  const list = async () => (await (await gate.fetch("/v1/models")).json()).data.map(({ id }: { id: string }) => id);
  assertEquals(await list(), ["m1"]);
  for (const failing of [() => json("{}", { status: 404 }), () => json("not json")]) {
    const asked = upstream.lists.length;
    upstream.list = failing;
    await clock.advance(61_000);
    assertEquals(await list(), ["m1"]);
    await clock.advance(10);
    assertEquals(upstream.lists.length, asked + 1);
    assertEquals(await list(), ["m1"]);
  }
  upstream.list = () => Response.json({ data: [{ id: "m2" }] });
  await clock.advance(61_000);
  await list();
  await clock.advance(10);
  assertEquals(await list(), ["m2"]);
});

Deno.test("the list is asked again on 5xx, and not on 4xx", async () => {
  await using upstream = new MockUpstream();
  const clock = new FakeClock();
  upstream.list = () =>
    upstream.lists.length < 3 ? json("{}", { status: 503 }) : Response.json({ data: [{ id: "m7" }] });
  await using gate = await startGate(upstream, { clock });
  const asked = gate.fetch("/v1/models");
  for (let i = 0; i < 20; i++) await clock.advance(100);
  const { data } = await (await asked).json();
  assertEquals([data[0].id, upstream.lists.length], ["m7", 3]);
});

Deno.test("a 401 on the list is refreshed and asked once more", async () => {
  await using upstream = new MockUpstream();
  await using provider = new MockProvider();
  upstream.list = ({ headers }) =>
    headers.get("authorization") === "Bearer access/2+x="
      ? Response.json({ data: [{ id: "m9" }] })
      : json("{}", { status: 401 });
  await using gate = await startGate(upstream, { env: provider.env });
  const { data } = await (await gate.fetch("/v1/models")).json();
  assertEquals([data[0].id, upstream.lists.length, provider.forms.length], ["m9", 2, 2]);
});

Deno.test("a list that cannot be had, with no name configured, is the failure itself and not an empty list", async () => {
  await using upstream = new MockUpstream();
  upstream.list = () => json('{"error":"forbidden"}', { status: 403, headers: { "retry-after": "9" } });
  await using gate = await startGate(upstream, { env: { LLM_MODEL_NAME: "" } });
  const refused = await gate.fetch("/v1/models");
  assertEquals([refused.status, await refused.text()], [403, '{"error":"forbidden"}']);
  assertEquals(refused.headers.get("retry-after"), "9");
  const answer = await gate.chat('{"model":"any"}');
  assertEquals([answer.status, await answer.text()], [200, COMPLETION]);

  await using provider = new MockProvider();
  provider.answer = () => json('{"error":"invalid_grant"}', { status: 400 });
  await using lost = await startGate(upstream, { env: { ...provider.env, LLM_MODEL_NAME: "" } });
  await expectError(await lost.fetch("/v1/models"), 503, "reauth_required");
});

Deno.test("GET /v1/models/default is the configured model", async () => {
  await using upstream = new MockUpstream();
  await using gate = await startGate(upstream);
  const answer = await gate.fetch("/v1/models/default");
  assertEquals([answer.status, (await answer.json()).id], [200, "m1"]);
});

Deno.test("GET /v1/models/{id} never walks out of the upstream's models", async () => {
  await using upstream = new MockUpstream();
  upstream.list = () => json("{}", { status: 404 });
  await using gate = await startGate(upstream, { env: API_KEY });
  const { host } = gate.app.url;
  for (const id of ["..", "%2e%2e", "%2E", "..%2f..%2fadmin", "%252e%252e", "..;", "a%3fb%23c", "%5c..%5cx"]) {
    await sendRaw(gate.app.url, head(`GET /v1/models/${id} HTTP/1.1`, [`host: ${host}`]));
  }
  for (const { target } of upstream.calls) assertMatch(target, /^\/v1\/models\/[^/?#]+$/);
});
