import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { Canaries } from "./canary.ts";
import { clientHeaders, oauthEnvironment, operations, see } from "./canary_gate.ts";
import { runCommand } from "./command_line.ts";
import { Gate, Home } from "./gate.ts";
import { Hostile, MODEL_PROMPTS, TOKEN_FAULTS, type TokenFault } from "./hostile.ts";
import { failure } from "./raw_pieces.ts";
import { RawUpstream } from "./raw_upstream.ts";
import { eventually, inBatches, pause } from "./wait.ts";

async function assertClean(canaries: Canaries, home: Home, said: string): Promise<void> {
  assertEquals(canaries.findIn(said), [], said.slice(0, 4_000));
  assertEquals(await canaries.findUnder(home.path), []);
}

async function throughTokenFault(fault: TokenFault): Promise<void> {
  const canaries = new Canaries();
  await using hostile = new Hostile(canaries);
  await using home = await Home.make();
  const options = { env: oauthEnvironment(canaries, hostile, home, fault), home };
  await using gate = await Gate.start(options);
  const headers = clientHeaders(canaries);
  let said = "";
  for (const prompt of fault === "none" ? MODEL_PROMPTS : ["good"]) {
    for (const stream of [false, true]) said += await see(await gate.chat(prompt, { body: { stream }, headers }));
  }
  said += await operations(gate);
  if (fault !== "none") {
    await eventually(async () => {
      said += await see(await gate.chat("good", { headers }));
      return (await gate.health()).status === "ok" ? undefined : true;
    }, `trouble at the token endpoint (${fault})`);
    said += await operations(gate);
  }
  const url = `${gate.url}/v1/chat/completions?key=${canaries.make("the client's query")}`;
  said += await see(await fetch(url, { method: "POST", headers, body: "{" }));
  await gate.stop();
  said += gate.output;
  for (const command of ["status", "doctor"]) said += (await runCommand([command], options)).output;

  const arrived = canaries.findIn(hostile.received);
  const sent = ["client secret", "refresh token", "extra parameter", "key in the URL's query", "extra header"];
  assertEquals(sent.filter((kind) => !arrived.includes(kind)), [], "secrets that never went on their way");
  assert(arrived.includes(`access token of ${fault}`), "the access token was used");
  assertEquals(
    arrived.filter((kind) => kind.startsWith("the client's")),
    [],
    "secrets of the client that went upstream",
  );
  assert((await Deno.stat(`${home.path}/gate.log`)).size > 0, "there is a log to search");
  await assertClean(canaries, home, said);
}

Deno.test("no secret shows when the provider and the model throw it back", async () => {
  await inBatches(TOKEN_FAULTS.length, 2, async (n) => {
    const fault = TOKEN_FAULTS[n];
    assert(fault !== undefined);
    await throughTokenFault(fault).catch((error) => {
      throw new Error(`token fault ${fault}: ${error.message}`);
    });
  });
});

Deno.test("no API key and no proxy password shows when the proxy is dead, refuses, or the model echoes", async () => {
  const canaries = new Canaries();
  await using proxy = new RawUpstream(
    new Map([[
      "407",
      (wire) =>
        wire.send(failure("407 Proxy Authentication Required", JSON.stringify({ error: { message: wire.head } }))),
    ]]),
  );
  await using hostile = new Hostile(canaries);
  const key = canaries.make("API key");
  const common = { API_KEY_ENV_VAR: "MODEL_KEY", MODEL_KEY: key, LLM_MODEL_NAME: "e2e", LOG_LEVEL: "debug" };
  const proxyAt = (host: string) => `http://user:${canaries.make(`password of the proxy ${host}`)}@${host}`;
  const cases = [
    { HTTP_PROXY_URL: proxyAt("127.0.0.1:9"), LLM_BASE_URL: "http://model.invalid/v1" },
    { HTTP_PROXY_URL: proxyAt(new URL(proxy.url).host), LLM_BASE_URL: "http://model.invalid/v1" },
    { LLM_BASE_URL: `${hostile.url}/v1` },
    { LLM_BASE_URL: `${hostile.url}/v1`, API_KEY_HEADER: "x-api-key" },
  ];
  for (const settings of cases) {
    await using home = await Home.make();
    const env = { ...common, ...settings, LOG_FILE: `${home.path}/gate.log` };
    await using gate = await Gate.start({ env, home });
    let said = "";
    for (const prompt of ["403", "407"]) {
      said += await see(await gate.chat(prompt, { headers: clientHeaders(canaries) }));
      await pause(10);
    }
    said += await operations(gate);
    await gate.stop();
    said += gate.output + (await runCommand(["doctor"], { env, home })).output;
    await assertClean(canaries, home, said);
  }
  assert(canaries.findIn(hostile.received).includes("API key"), "the key was used");
});

Deno.test("no secret shows in what is said about bad settings", async () => {
  const canaries = new Canaries();
  await using home = await Home.make();
  const env = {
    OAUTH_TOKEN_URL: `http://user:${canaries.make("password in the token URL")}@provider.invalid/token`,
    OAUTH_CLIENT_ID: "client",
    OAUTH_CLIENT_SECRET: `${canaries.make("client secret")}\n`,
    OAUTH_REFRESH_TOKEN: `${canaries.make("refresh token")} with a blank`,
    OAUTH_EXTRA_PARAMS: canaries.make("extra parameter"),
    LLM_API_URL: `ftp://user:${canaries.make("password in the model URL")}@model.invalid/`,
    LLM_EXTRA_HEADERS: canaries.make("extra header"),
    API_KEY_ENV_VAR: "MODEL_KEY",
    MODEL_KEY: canaries.make("API key"),
    GATEHOUSE_KEY: canaries.make("sealing key"),
    HTTP_PROXY_URL: `nonsense://user:${canaries.make("password of the proxy")}@proxy.invalid`,
    JWT_SECRET: canaries.make("JWT secret").slice(0, 31),
    PORT: "none",
  };
  for (const command of ["serve", "doctor", "status"]) {
    const { code, output } = await runCommand([command], { env, home });
    assertNotEquals(code, 0, output);
    assert(output.includes("OAUTH_REFRESH_TOKEN") && output.includes("PORT"), `the faults are named: ${output}`);
    assertEquals(canaries.findIn(output), [], output);
  }
});

Deno.test("the search finds what it looks for", () => {
  const canaries = new Canaries();
  const secret = canaries.make("secret");
  for (const text of [secret, `x${secret.slice(0, 20)}…`, btoa(`id:${secret}`), btoa(`i:${secret}`), btoa(secret)]) {
    assertEquals(canaries.findIn(`before ${text} after`), ["secret"], text);
  }
  assertEquals(canaries.findIn("nothing of the kind"), []);
});
