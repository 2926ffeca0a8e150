import type { Canaries } from "./canary.ts";
import type { Gate, Home } from "./gate.ts";
import type { Hostile, TokenFault } from "./hostile.ts";

/** Everything a client can see of an answer. */
export async function see(response: Response): Promise<string> {
  const text = await response.text().catch((error) => `broken: ${error}`);
  return `${response.status} ${JSON.stringify([...response.headers])} ${text}`;
}

/** Headers with secrets of the client's own in every place where clients put them. */
export function clientHeaders(canaries: Canaries): Record<string, string> {
  return {
    authorization: `Bearer ${canaries.make("the client's authorization")}`,
    "x-api-key": canaries.make("the client's x-api-key"),
    cookie: `session=${canaries.make("the client's cookie")}`,
  };
}

/** Everything the gate says of itself. @param headers what the asker shows */
export async function operations(gate: Gate, headers: Record<string, string> = {}): Promise<string> {
  const paths = ["/health", "/health/ready", "/metrics", "/v1/models", "/v1/models/none", "/nothing"];
  const answers = await Promise.all(
    paths.map(async (path) => await see(await fetch(`${gate.url}${path}`, { headers }))),
  );
  return answers.join("\n");
}

/** The settings of a gate with a secret in every place that takes one, in front of the hostile provider and model. */
export function oauthEnvironment(
  canaries: Canaries,
  hostile: Hostile,
  home: Home,
  fault: TokenFault,
): Record<string, string> {
  return {
    OAUTH_TOKEN_URL: `${hostile.url}/token/${fault}`,
    OAUTH_CLIENT_ID: "client",
    OAUTH_CLIENT_SECRET: canaries.make("client secret"),
    OAUTH_CLIENT_AUTH: fault.length % 2 === 0 ? "basic" : "post",
    OAUTH_REFRESH_TOKEN: canaries.make("refresh token"),
    OAUTH_EXTRA_PARAMS: `resource=${canaries.make("extra parameter")}`,
    LLM_API_URL: `${hostile.url}/v1/chat/completions?key=${canaries.make("key in the URL's query")}`,
    LLM_MODEL_NAME: "e2e",
    LLM_EXTRA_HEADERS: `x-extra: ${canaries.make("extra header")}`,
    LLM_REQUEST_TIMEOUT: "1",
    LOG_LEVEL: "debug",
    LOG_FILE: `${home.path}/gate.log`,
  };
}
