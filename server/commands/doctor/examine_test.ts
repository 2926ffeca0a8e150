import { assert, assertEquals } from "@std/assert";
import { NetworkError, type OutgoingRequest } from "../../network/mod.ts";
import type { DoctorEffects } from "./effects.ts";
import { examination, OAUTH, SEALING_KEY } from "./examination_fixture.ts";
import { examine } from "./examine.ts";

/** `what: verdict` of every finding, with a real store in a folder of its own. */
async function verdicts(
  env: Record<string, string>,
  answer?: (request: OutgoingRequest) => Response | Promise<Response>,
  changes?: Partial<DoctorEffects>,
): Promise<string[]> {
  const dir = await Deno.makeTempDir();
  try {
    const exam = examination({ GATEHOUSE_KEY: SEALING_KEY, DATA_DIR: `${dir}/data`, ...env }, answer, changes);
    const groups = await Array.fromAsync(examine(exam));
    assert(!JSON.stringify(groups).includes("canary"));
    exam.effects.watchdog.close();
    assertEquals(exam.clock.pending, 0);
    return groups.flat().map(({ what, verdict }) => `${what}: ${verdict}`);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

const LOCAL = ["data folder: ok", "store file: ok", "sealing key: ok", "store: ok", "accounts: ok"];

Deno.test("examine() looks at this machine only in the demo", async () => {
  assertEquals(await verdicts({}), [...LOCAL, "network: skip", "port: ok"]);
});

Deno.test("examine() goes from the clock to the model list when all is well", async () => {
  const date = new Date(Date.UTC(2026, 0, 1)).toUTCString();
  const { LLM_API_URL, GATEHOUSE_KEY } = OAUTH;
  const env = { LLM_API_URL, GATEHOUSE_KEY, API_KEY_ENV_VAR: "MODEL_KEY", MODEL_KEY: "canary" };
  const found = await verdicts(env, () => Response.json({ data: [{ id: "large" }] }, { headers: { date } }));
  assertEquals(found, [
    ...LOCAL,
    "clock: ok",
    "DNS: ok",
    "proxy: ok",
    "connect: ok",
    "credential: ok",
    "model list: ok",
    "port: ok",
  ]);
});

Deno.test("examine() finds the token endpoint through the issuer", async () => {
  const issuer = "https://login.example/";
  const { LLM_API_URL, OAUTH_CLIENT_ID } = OAUTH;
  const env = { LLM_API_URL, OAUTH_CLIENT_ID, OAUTH_ISSUER: issuer, OAUTH_REFRESH_TOKEN: "canary" };
  const found = await verdicts(
    env,
    ({ method }) =>
      method === "POST"
        ? Response.json({ error: "invalid_request" }, { status: 400 })
        : Response.json({ issuer, token_endpoint: "https://tokens.example/token" }),
  );
  assertEquals(found.slice(-6), [
    "connect: ok",
    "discovery: ok",
    "token endpoint: ok",
    "credential: ok",
    "model list: skip",
    "port: ok",
  ]);
});

Deno.test("examine() tells a dead host once and leaves out what is behind it", async () => {
  const dead = () => Promise.reject(new NetworkError("unreachable", false, "Cannot reach it."));
  const found = await verdicts(OAUTH, dead, {
    resolve: (name) => Promise.resolve(name === "login.example" ? [] : ["192.0.2.1"]),
  });
  assertEquals(found, [
    ...LOCAL,
    "clock: skip",
    "DNS: FAIL",
    "DNS: ok",
    "proxy: ok",
    "connect: FAIL",
    "token endpoint: skip",
    "credential: FAIL",
    "model list: skip",
    "port: ok",
  ]);
});

Deno.test("examine() goes on without a store", async () => {
  const file = await Deno.makeTempFile();
  try {
    const found = await verdicts({ ...OAUTH, DATA_DIR: file }, () => new Response(null, { status: 503 }));
    assertEquals(found.slice(0, 4), ["data folder: FAIL", "store file: skip", "sealing key: ok", "store: FAIL"]);
    assert(found.includes("credential: skip"));
    assert(found.includes("token endpoint: warn"));
  } finally {
    await Deno.remove(file);
  }
});
