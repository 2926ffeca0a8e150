// What clients ask of a gate with credentials, rightly and wrongly. Each function answers all that the gate said to it.
import { assert } from "@std/assert";
import type { Canaries } from "./canary.ts";
import { operations, see } from "./canary_gate.ts";
import { runCommand } from "./command_line.ts";
import type { Gate, GateOptions } from "./gate.ts";

/** What people and programs show: each is searched for wherever it does not belong. */
export interface Shown {
  readonly password: string;
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly key: string;
}

/** The header that shows a credential. */
export const bearer = (credential: string) => ({ authorization: `Bearer ${credential}` });

/** Every route that a credential opens, with each kind of it in each place. */
export async function askEverything(gate: Gate, { accessToken, key }: Shown): Promise<string> {
  let said = "";
  const paths = ["/users", "/users/me", "/keys", "/api/v1/llm/models", "/api/v1/llm/usage?group_by=key", "/v1/models"];
  for (
    const headers of [bearer(accessToken), bearer(key), { "x-api-key": key }, { cookie: `gatehouse=${accessToken}` }]
  ) {
    said += await operations(gate, headers);
    for (const path of paths) said += await see(await fetch(`${gate.url}${path}`, { headers }));
  }
  const body = JSON.stringify({ messages: [{ role: "user", content: "good" }] });
  for (const path of ["/api/v1/llm/chat", "/api/v1/llm/chat/stream"]) {
    const headers = { ...bearer(key), "content-type": "application/json" };
    said += await see(await fetch(`${gate.url}${path}`, { method: "POST", headers, body }));
  }
  return said;
}

/** What people and programs get wrong, with a secret in each place. */
export async function askWrongly(
  gate: Gate,
  { password, accessToken, refreshToken, key }: Shown,
  canaries: Canaries,
): Promise<string> {
  let said = "";
  const wrong = canaries.make("a wrong password");
  const post = async (path: string, body: BodyInit, headers: Record<string, string> = {}) => {
    said += await see(await fetch(`${gate.url}${path}`, { method: "POST", headers, body }));
  };
  const form = (fields: Record<string, string>) => new URLSearchParams(fields);
  await post("/token", form({ username: "nobody", password: wrong }));
  await post("/token", form({ username: "ann", password: wrong }));
  await post("/token", form({ username: password, password }));
  await post("/token", form({ username: "ann", password, grant_type: password }));
  await post("/token", form({ grant_type: "refresh_token", refresh_token: accessToken }));
  await post("/token", form({ grant_type: "refresh_token", refresh_token: `${refreshToken}x` }));
  await post("/token", `refresh_token=${refreshToken}&refresh_token=${refreshToken}&grant_type=refresh_token`, {
    "content-type": "application/x-www-form-urlencoded",
  });
  await post("/token", JSON.stringify({ username: "ann", password }), { "content-type": "application/json" });
  await post(`/token?username=ann&password=${password}`, form({}));
  await post("/revoke", form({ token: `${key}x` }));
  const json = { ...bearer(accessToken), "content-type": "application/json" };
  for (const path of ["/users", "/users/me/password", "/keys", "/api/v1/llm/chat"]) {
    await post(path, `{"password": "${password}", `, json);
    await post(path, JSON.stringify({ username: "eve", password: [password], name: { key }, messages: key }), json);
    await post(
      path,
      JSON.stringify({ password, key, current_password: wrong, new_password: password.slice(0, 3) }),
      json,
    );
    await post(
      path,
      JSON.stringify({ username: "eve", password: wrong.repeat(20), name: "x", secret: password }),
      json,
    );
  }
  const credentials = [password, accessToken, refreshToken, key].flatMap((secret) => [secret, `${secret}x`]);
  for (const secret of credentials) {
    const shown = [
      `Bearer ${secret}x`,
      `bearer  ${secret},`,
      secret,
      `Basic ${btoa(`ann:${secret}`)}`,
      `Token ${secret}`,
    ];
    for (const authorization of shown) {
      said += await see(await fetch(`${gate.url}/v1/models`, { headers: { authorization } }));
    }
    for (const name of ["x-api-key", "cookie", "sec-websocket-protocol", "proxy-authorization"]) {
      said += await see(await fetch(`${gate.url}/v1/models`, { headers: { [name]: `bearer=${secret}` } }));
    }
    said += await see(await fetch(`${gate.url}/v1/models?api_key=${secret}&ticket=${secret}`));
  }
  for (const path of [`/keys/${key}`, `/users/${key}`]) {
    said += await see(await fetch(`${gate.url}${path}`, { method: "DELETE", headers: bearer(accessToken) }));
  }
  return said;
}

/** A password as an argument, a key where its id belongs. */
export async function commandWrongly(options: GateOptions, { key }: Shown, canaries: Canaries): Promise<string> {
  let said = "";
  const password = canaries.make("a password on the command line");
  const commands = [
    ["user", "add", "eve", password],
    ["user", "add", "eve", `--password=${password}`],
    ["user", "passwd", "ann", password],
    ["key", "create", "x", "--expires", password],
    ["key", "revoke", key],
  ];
  for (const command of commands) {
    const { code, output } = await runCommand(command, options);
    assert(code !== 0, output);
    said += output;
  }
  return said;
}
