import { assertEquals, assertRejects } from "@std/assert";
import { GatehouseError } from "../errors/mod.ts";
import { chooseModel } from "./choose_model.ts";

const { signal } = new AbortController();

/** An upstream whose list has `listed`, and the names that it was asked for. */
function upstreamWith(defaultModel: string | null, listed: readonly string[]) {
  const asked: string[] = [];
  const models = {
    lacks(model: string) {
      asked.push(model);
      return Promise.resolve(!listed.includes(model));
    },
  };
  return { asked, at: { upstream: { settings: { defaultModel } }, models } };
}

Deno.test("chooseModel() takes the model that is asked for, else the default", async () => {
  const { at, asked } = upstreamWith("usual", ["other"]);
  assertEquals(await chooseModel("other", at, "/models", signal), "other");
  assertEquals(asked, ["other"]);
  assertEquals(await chooseModel(null, at, "/models", signal), "usual");
});

Deno.test("chooseModel() takes the default at its word, also where the list lacks it", async () => {
  const { at, asked } = upstreamWith("usual", []);
  assertEquals(await chooseModel("usual", at, "/models", signal), "usual");
  assertEquals(await chooseModel(null, at, "/models", signal), "usual");
  assertEquals(asked, []);
});

Deno.test("chooseModel() says where the models stand when none is named, or the upstream lacks it", async () => {
  const { at } = upstreamWith(null, ["m1"]);
  const none = await assertRejects(() => chooseModel(null, at, "/the/models", signal), GatehouseError);
  const lacking = await assertRejects(() => chooseModel('m"2', at, "/the/models", signal), GatehouseError);
  assertEquals([none.code, lacking.code], ["model_required", "model_not_found"]);
  assertEquals([none.param, lacking.param], ["model", "model"]);
  assertEquals([none.message, lacking.message].map((text) => text.includes("GET /the/models")), [true, true]);
  assertEquals(lacking.message.includes('"m\\"2"'), true);
});

Deno.test("chooseModel() repeats no more than the first 200 characters of a name", async () => {
  const { at } = upstreamWith(null, []);
  const error = await assertRejects(() => chooseModel("x".repeat(5_000), at, "/models", signal), GatehouseError);
  assertEquals(/x+/.exec(error.message)?.[0].length, 200);
});

Deno.test("chooseModel() passes the signal on to the question", async () => {
  const left = AbortSignal.abort(new Error("left"));
  const models = { lacks: (_model: string, signal: AbortSignal) => Promise.reject(signal.reason) };
  const at = { upstream: { settings: { defaultModel: null } }, models };
  await assertRejects(() => chooseModel("m", at, "/models", left), Error, "left");
});
