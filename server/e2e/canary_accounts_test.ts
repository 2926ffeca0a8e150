import { assert, assertEquals } from "@std/assert";
import { Canaries } from "./canary.ts";
import { askEverything, askWrongly, bearer, commandWrongly, type Shown } from "./canary_asking.ts";
import { oauthEnvironment, see } from "./canary_gate.ts";
import { runCommand } from "./command_line.ts";
import { Gate, type GateOptions, Home } from "./gate.ts";
import { Hostile, MODEL_PROMPTS } from "./hostile.ts";
import { eventually } from "./wait.ts";

Deno.test("no password, key or token of ours shows in logs, errors, metrics, answers, or in clear in the store", async () => {
  const canaries = new Canaries();
  await using hostile = new Hostile(canaries);
  await using home = await Home.make();
  const password = canaries.make("the administrator's password");
  const metricsToken = canaries.make("metrics token");
  const env = {
    ...oauthEnvironment(canaries, hostile, home, "none"),
    AUTH: "required",
    ADMIN_USERNAME: "admin",
    ADMIN_PASSWORD: password,
    JWT_SECRET: `${canaries.make("JWT secret")}-of-32-bytes`,
    METRICS_TOKEN: metricsToken,
  };
  const options = { env, home };
  await using gate = await Gate.start(options);
  const admin = await logIn(gate, canaries, "admin", password);
  const user = await addByCommand(gate, options, canaries);
  let said = "";
  for (const shown of [admin, user.shown]) {
    said += await askEverything(gate, shown);
    said += await askWrongly(gate, shown, canaries);
    for (const prompt of MODEL_PROMPTS) {
      for (const stream of [false, true]) {
        said += await see(await gate.chat(prompt, { body: { stream }, headers: bearer(shown.key) }));
      }
    }
  }
  said += user.said + await changePassword(gate, options, user.shown, canaries);
  said += await see(await fetch(`${gate.url}/metrics`, { headers: bearer(metricsToken) }));
  said += await commandWrongly(options, user.shown, canaries);
  // What was used is written behind.
  await eventually(async () => {
    const usage = await see(await fetch(`${gate.url}/api/v1/llm/usage`, { headers: bearer(admin.accessToken) }));
    return /"requests":[1-9]/.test(usage) || undefined;
  }, "usage in the books");
  await gate.stop();
  said += gate.output;

  assert((await Deno.stat(`${home.path}/gate.log`)).size > 0, "there is a log to search");
  assertEquals(
    canaries.findIn(hostile.received).filter((kind) => kind.startsWith("our ")),
    [],
    "secrets that went upstream",
  );
  const codes = [
    "invalid_credentials",
    "invalid_grant",
    "invalid_token",
    "invalid_api_key",
    "invalid_field",
    "not_found",
  ];
  assertEquals(codes.filter((code) => !said.includes(code)), [], "errors that were never seen");
  const found = canaries.findIn(said);
  assertEquals(found, [], excerpts(said, canaries));
  assertEquals(await canaries.findUnder(home.path), []);
});

/** Logs in and makes a key; what comes of it is searched for from then on. */
async function logIn(gate: Gate, canaries: Canaries, username: string, password: string): Promise<Shown> {
  const login = await fetch(`${gate.url}/token`, { method: "POST", body: new URLSearchParams({ username, password }) });
  assertEquals(login.status, 200);
  const first = await login.json();
  const refresh = { grant_type: "refresh_token", refresh_token: first.refresh_token };
  const refreshed = await fetch(`${gate.url}/token`, { method: "POST", body: new URLSearchParams(refresh) });
  const second = await refreshed.json();
  const made = await fetch(`${gate.url}/keys`, {
    method: "POST",
    headers: { ...bearer(second.access_token), "content-type": "application/json" },
    body: JSON.stringify({ name: "laptop", rpm: 1_000, tpm: 10_000_000 }),
  });
  assertEquals(made.status, 201);
  const { key } = await made.json();
  for (const { access_token, refresh_token } of [first, second]) {
    canaries.watch(`our access token of ${username}`, secretPart(access_token, "."));
    canaries.watch(`our refresh token of ${username}`, secretPart(refresh_token, "."));
  }
  canaries.watch(`our key of ${username}`, secretPart(key, "_"));
  return { password, accessToken: second.access_token, refreshToken: second.refresh_token, key };
}

/** The signature of a token, the secret of a key: the rest of them is no secret. */
function secretPart(secret: string, separator: string): string {
  const part = secret.slice(secret.lastIndexOf(separator) + 1);
  assert(part.length >= 43, "the last part is the secret one");
  return part;
}

async function addByCommand(
  gate: Gate,
  options: GateOptions,
  canaries: Canaries,
): Promise<{ readonly shown: Shown; readonly said: string }> {
  const password = canaries.make("a user's password");
  const add = await runCommand(["user", "add", "ann", "--password-stdin"], options, `${password}\n`);
  assertEquals(add.code, 0, add.output);
  const create = await runCommand(["key", "create", "by hand", "--user", "ann"], options);
  assertEquals(create.code, 0, create.output);
  const key = /gh_\w+/.exec(create.output)?.[0] ?? "";
  canaries.watch("our key by the command line", secretPart(key, "_"));
  const shown = await logIn(gate, canaries, "ann", password);
  let said = add.output + create.output.replace(key, "");
  for (
    const command of [["user", "list", "--json"], ["key", "list", "--json"], ["key", "list"], ["usage"], ["status"]]
  ) {
    said += (await runCommand(command, options)).output;
  }
  said += await see(await fetch(`${gate.url}/v1/models`, { headers: { "x-api-key": key } }));
  return { shown, said };
}

/** By both ways; the old ones stay secret. */
async function changePassword(
  gate: Gate,
  options: GateOptions,
  { accessToken, password }: Shown,
  canaries: Canaries,
): Promise<string> {
  const second = canaries.make("a user's second password");
  const response = await fetch(`${gate.url}/users/me/password`, {
    method: "POST",
    headers: { ...bearer(accessToken), "content-type": "application/json" },
    body: JSON.stringify({ current_password: password, new_password: second }),
  });
  assertEquals(response.status, 204);
  const third = canaries.make("a user's third password");
  const { code, output } = await runCommand(["user", "passwd", "ann", "--password-stdin"], options, `${third}\n`);
  assertEquals(code, 0, output);
  return output + await see(response);
}

/** The lines with a secret in them. */
function excerpts(said: string, canaries: Canaries): string {
  const lines = said.split("\n").filter((line) => canaries.findIn(line).length > 0);
  return lines.map((line) => `${canaries.findIn(line)}: ${line.slice(0, 1_000)}`).join("\n");
}
