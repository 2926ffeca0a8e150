import { assertEquals, assertStringIncludes } from "@std/assert";
import { Secret } from "../../secrets/mod.ts";
import { examination, headerOf, OAUTH } from "./examination_fixture.ts";
import type { Finding } from "./finding.ts";
import { checkModelList } from "./model_list.ts";

const TOKEN = { name: "authorization", value: new Secret("Bearer canary") };

async function check(answer: () => Response, env: Record<string, string> = {}, header: typeof TOKEN | null = TOKEN) {
  const exam = examination({ ...OAUTH, ...env }, answer);
  const [upstream] = exam.settings.upstreams;
  if (upstream === undefined) throw new Error("no upstream");
  const [finding] = await checkModelList(exam, upstream, { findings: [], header });
  assertEquals(JSON.stringify(finding).includes("canary"), false);
  return { finding: finding as Finding, asked: exam.asked }; // there is always exactly one
}

const models = (...ids: string[]) => () => Response.json({ data: ids.map((id) => ({ id })) });

Deno.test("checkModelList() asks with the credential and the extra headers", async () => {
  const { finding, asked } = await check(models("large", "small"), { LLM_EXTRA_HEADERS: "x-team: canary" });
  assertEquals([finding.verdict, finding.found], ["ok", "2 models: large, small"]);
  assertEquals(headerOf(asked[0], "authorization"), "Bearer canary");
  assertEquals(headerOf(asked[0], "x-team"), "canary");
});

Deno.test("checkModelList() asks nothing without a valid access token", async () => {
  const { finding, asked } = await check(models(), {}, null);
  assertEquals([finding.verdict, asked.length], ["skip", 0]);
});

Deno.test("checkModelList() warns of a default model that is not listed", async () => {
  assertEquals((await check(models("large"), { LLM_MODEL_NAME: "small" })).finding.verdict, "warn");
  assertEquals((await check(models("large"), { LLM_MODEL_NAME: "large" })).finding.verdict, "ok");
});

Deno.test("checkModelList() shows only ids that are plain names", async () => {
  const { finding } = await check(models("canary \x1b[2J", "large"));
  assertEquals(finding.found, "2 models: large");
});

Deno.test("checkModelList() tells a refused credential from a missing list", async () => {
  assertEquals((await check(() => new Response("canary", { status: 401 }))).finding.verdict, "FAIL");
  assertEquals((await check(() => new Response("canary", { status: 404 }))).finding.verdict, "warn");
  assertStringIncludes((await check(() => new Response("canary"))).finding.found, "no OpenAI model list");
});
