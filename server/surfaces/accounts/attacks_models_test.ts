import { assert, assertEquals } from "@std/assert";
import { assertError, codeOf, type House, type Json, rows, startHouse } from "./contract_fixture_test.ts";

const LIST = ["m1", "m2", "m3"].map((id) => ({ id, object: "model", created: 1, owned_by: "mock" }));

async function house(): Promise<House> {
  const started = await startHouse();
  started.upstream.list = () => Response.json({ object: "list", data: LIST });
  return started;
}

const gateway = (it: House, credential: string, fields: Json, path = "chat") =>
  it.call("POST", `/api/v1/llm/${path}`, credential, { messages: [{ role: "user", content: "x" }], ...fields });

const ids = (list: Json[]) => list.map((entry) => entry["id"]);

Deno.test("a key for one model opens this one alone, on every surface", async () => {
  await using it = await house();
  const ann = await it.user("ann");
  const { key } = await it.key(ann.access, { models: ["m2"] });
  assertEquals((await it.chat(key, { model: "m2" })).status, 200);
  assertEquals((await gateway(it, key, { model: "m2" })).status, 200);
  assertEquals((await gateway(it, key, { model: "m2" }, "chat/stream")).status, 200);
  const calls = it.upstream.calls.length;
  for (
    const model of ["m1", "m3", "M2", "m2 ", " m2", "m2\u0000", "default", undefined, "nope", "__proto__", "m2/../m1"]
  ) {
    const v1 = await it.chat(key, { model });
    assert([403, 404].includes(v1.status), `v1 ${model}: ${v1.text}`);
    for (const path of ["chat", "chat/stream"]) {
      const answer = await gateway(it, key, { model }, path);
      assert([403, 404, 422].includes(answer.status), `${path} ${model}: ${answer.text}`);
    }
  }
  assertError(await it.chat(key, { model: "m1" }), 403, "model_not_allowed", "model");
  assertEquals(it.upstream.calls.length, calls);
});

Deno.test("a second model in one body is refused, however it is written", async () => {
  await using it = await house();
  const ann = await it.user("ann");
  const { key } = await it.key(ann.access, { models: ["m2"] });
  const messages = '"messages":[{"role":"user","content":"x"}]';
  for (
    const body of [
      `{"model":"m2","model":"m1",${messages}}`,
      `{"model":"m1","model":"m2",${messages}}`,
      `{"mod\\u0065l":"m1","model":"m2",${messages}}`,
    ]
  ) {
    assertError(await it.call("POST", "/v1/chat/completions", key, body), 400, "invalid_json");
  }
  for (const model of ['["m2","m1"]', '{"0":"m2"}', "true", "5"]) {
    assertError(
      await it.call("POST", "/v1/chat/completions", key, `{"model":${model},${messages}}`),
      422,
      "invalid_field",
      "model",
    );
  }
  assertEquals(it.upstream.calls.length, 0);
});

Deno.test("lists show what one may use, and a single model that one may not is not shown", async () => {
  await using it = await house();
  const ann = await it.user("ann");
  const { key } = await it.key(ann.access, { models: ["m2", "m9"] });
  const v1 = await it.call("GET", "/v1/models", key);
  assertEquals(ids(v1.json["data"] as Json[]), ["m2"]); // compared whole
  assertEquals(ids(rows(await it.call("GET", "/api/v1/llm/models", key))), ["m2"]);
  assertEquals((await it.call("GET", "/v1/models/m2", key)).status, 200);
  for (const id of ["m1", "m3"]) {
    const one = await it.call("GET", `/v1/models/${id}`, key);
    assert(one.status === 403 || one.status === 404, one.text);
  }
  const all = await it.call("GET", "/v1/models", ann.access);
  assertEquals(ids(all.json["data"] as Json[]), ["m1", "m2", "m3"]); // compared whole
});

Deno.test("a user's list binds the user's keys, old and new, whatever a key's own list says", async () => {
  await using it = await house();
  const ann = await it.user("ann");
  const wide = await it.key(ann.access);
  const other = await it.key(ann.access, { models: ["m1", "m3"] });
  await it.limit(ann.id, { models: ["m2", "m3"] });
  const later = await it.call("POST", "/keys", ann.access, { name: "k", models: ["m1"] });
  const keys: [string, string[]][] = [[ann.access, ["m2", "m3"]], [wide.key, ["m2", "m3"]], [other.key, ["m3"]]];
  if (later.status === 201) keys.push([String(later.json["key"]), []]);
  for (const [credential, allowed] of keys) {
    for (const model of ["m1", "m2", "m3"]) {
      const answer = await it.chat(credential, { model });
      assertEquals(answer.status, allowed.includes(model) ? 200 : 403, `${model}: ${answer.text}`);
      const same = await gateway(it, credential, { model });
      assertEquals(same.status, allowed.includes(model) ? 200 : 403, `${model}: ${same.text}`);
    }
    const list = await it.call("GET", "/v1/models", credential);
    assertEquals(ids(list.json["data"] as Json[]), allowed); // compared whole
    assertEquals(ids(rows(await it.call("GET", "/api/v1/llm/models", credential))), allowed);
  }
});

Deno.test("an empty list of models allows none", async () => {
  await using it = await house();
  const ann = await it.user("ann");
  const made = await it.call("POST", "/keys", ann.access, { name: "none", models: [] });
  if (made.status !== 201) return assertError(made, 422, "invalid_field", "models");
  const answer = await it.chat(String(made.json["key"]), { model: "m1" });
  assertEquals([answer.status, codeOf(answer)], [403, "model_not_allowed"]);
  assertEquals(rows(await it.call("GET", "/api/v1/llm/models", String(made.json["key"]))), []);
});

Deno.test("a limit set while a key is in use binds its next request", async () => {
  await using it = await house();
  const ann = await it.user("ann");
  const { key, id } = await it.key(ann.access);
  for (let round = 0; round < 3; round++) {
    assertEquals((await it.chat(key, { model: "m1" })).status, 200);
    await it.call("PATCH", `/keys/${id}`, ann.access, { models: ["m2"] });
    assertEquals((await it.chat(key, { model: "m1" })).status, 403);
    await it.call("PATCH", `/keys/${id}`, ann.access, { models: null });
  }
});

Deno.test("a key cannot be found by its beginning, nor by any near one", async () => {
  await using it = await house();
  const ann = await it.user("ann");
  const { key } = await it.key(ann.access);
  const start = String(rows(await it.call("GET", "/keys", ann.access))[0]?.["start"]);
  const flip = (at: number) => key.slice(0, at) + (key[at] === "A" ? "B" : "A") + key.slice(at + 1);
  const near = [
    start,
    start.padEnd(key.length, "A"),
    key.slice(0, -1),
    `${key}A`,
    "gh_",
    `gh_${key}`,
    key.slice(3),
    ...Array.from({ length: key.length - 3 }, (_, n) => flip(n + 3)),
  ];
  for (const guess of near) assertEquals((await it.chat(guess)).status, 401, guess);
  assertEquals(it.upstream.calls.length, 0);
  assertEquals((await it.chat(key)).status, 200);
});
