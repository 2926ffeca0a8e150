import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { z } from "zod";
import { type ErrorCode, GatehouseError } from "../errors/mod.ts";
import { readJson } from "./read_json.ts";

const schema = z.strictObject({
  name: z.string().min(1).max(5),
  models: z.array(z.string()).nullish(),
  budget: z.strictObject({ amount_micros: z.int().min(0), period: z.enum(["day", "month"]) }).optional(),
  content: z.union([z.string(), z.array(z.strictObject({ type: z.string() }))]).optional(),
});

function post(body: BodyInit, contentType: string | null = "application/json"): Request {
  const headers = new Headers(contentType === null ? {} : { "content-type": contentType });
  return new Request("http://gate/keys", { method: "POST", body: new Blob([body as BlobPart]), headers });
}

async function refusal(request: Request, maxBytes = 1000): Promise<GatehouseError> {
  return await assertRejects(() => readJson(request, schema, { maxBytes, what: "create this key" }), GatehouseError);
}

Deno.test("readJson() gives what the schema makes of the body", async () => {
  const body = JSON.stringify({ name: "é", models: null, budget: { amount_micros: 0, period: "day" } });
  for (const type of ["application/json", "application/json; charset=utf-8", null]) {
    const read = await readJson(post(body, type), schema, { maxBytes: 1000, what: "create this key" });
    assertEquals(read, { name: "é", models: null, budget: { amount_micros: 0, period: "day" } });
  }
});

Deno.test("readJson() names the first wrong field by its dotted path and says what is expected", async () => {
  const cases: readonly (readonly [body: string, param: string, text: string])[] = [
    ["{}", "name", "`name` is missing: expected string"],
    ['{"name":7}', "name", "`name` is wrong: expected string"],
    ['{"name":null}', "name", "`name` is wrong: expected string"],
    ['{"name":""}', "name", "`name` is wrong: expected string to have >=1 characters"],
    ['{"name":"a","models":["x",1]}', "models.1", "`models.1` is wrong: expected string"],
    ['{"name":"a","budget":{"amount_micros":1}}', "budget.period", "`budget.period` is missing: expected one of"],
    ['{"name":"a","budget":{"amount_micros":1,"period":"day","x":1}}', "budget.x", "`budget.x` is not a field"],
    ['{"name":"a","nmae":"b"}', "nmae", "`nmae` is not a field of this request; leave it out"],
    ['{"name":"a","__proto__":{}}', "__proto__", "is not a field"],
    ['{"name":"a","content":5}', "content", "`content` is wrong: expected string or array"],
    ['{"name":"a","content":[{"type":1}]}', "content.0.type", "`content.0.type` is wrong: expected string"],
  ];
  for (const [body, param, text] of cases) {
    const { code, param: found, message } = await refusal(post(body));
    assertEquals([code, found], ["invalid_field", param], body);
    assertStringIncludes(message, `Cannot create this key: `);
    assertStringIncludes(message, text);
  }
});

Deno.test("readJson() cuts what it repeats of a name that the client made up", async () => {
  const { message, param } = await refusal(post(JSON.stringify({ name: "a", ["x".repeat(900)]: 1 })));
  assertEquals([param?.length, message.length < 300], [100, true]);
});

Deno.test("readJson() refuses what is not one JSON object of the right type and length", async () => {
  const bad = Uint8Array.from([...new TextEncoder().encode('{"name":"'), 0xff, ...new TextEncoder().encode('"}')]);
  const cases: readonly (readonly [Request, ErrorCode])[] = [
    [post(""), "invalid_json"],
    [post("[]"), "invalid_json"],
    [post('{"name":"a"'), "invalid_json"],
    [post('{"name":"a","name":"b"}'), "invalid_json"],
    [post('{"name":"a","n\\u0061me":"b"}'), "invalid_json"],
    [post(`{"name":${"[".repeat(600)}${"]".repeat(600)}}`), "invalid_json"],
    [post(bad), "invalid_json"],
    [post("name=a", "application/x-www-form-urlencoded"), "unsupported_media_type"],
  ];
  for (const [request, code] of cases) assertEquals((await refusal(request, 2000)).code, code);
  assertEquals((await refusal(post(`{"name":"${"a".repeat(100)}"}`), 50)).code, "body_too_large");
});

Deno.test("readJson() takes no body for {} where it is optional, whatever its type, and holds any other to JSON", async () => {
  const options = { maxBytes: 1000, what: "create this session", isOptional: true };
  const named = z.strictObject({ name: z.string().optional() });
  for (const type of [null, "application/json", "application/x-www-form-urlencoded"]) {
    assertEquals(await readJson(post("", type), named, options), {});
  }
  assertEquals((await refusal(post("", null))).code, "invalid_json");
  const cases = [[" ", null, "invalid_json"], [
    "name=a",
    "application/x-www-form-urlencoded",
    "unsupported_media_type",
  ]] as const;
  for (const [body, type, code] of cases) {
    const error = await assertRejects(() => readJson(post(body, type), named, options), GatehouseError);
    assertEquals(error.code, code);
  }
});
