import { NOTHING } from "../fault.ts";
import { isLoopbackHost } from "../loopback.ts";
import type { CredentialSettings, UpstreamSettings } from "../settings.ts";
import type { Values } from "../values.ts";
import { credentialSettings } from "./credential.ts";
import { chatUrl, modelsUrl } from "./model_urls.ts";

/** The one upstream that the environment describes. */
const ENVIRONMENT_UPSTREAM = "default";

/**
 * The upstream; null after a fault that leaves none.
 *
 * @param blockers why the demo does not run in its place
 */
export function upstreamSettings(
  values: Values,
  blockers: readonly string[],
): UpstreamSettings | null {
  const credential = credentialSettings(values);
  const chat = chatUrl(values);
  if (chat === null) {
    if (!values.isSet("LLM_API_URL") && !values.isSet("LLM_BASE_URL")) requireChatUrl(values, blockers);
    return null;
  }
  const extraHeaders = values.get("LLM_EXTRA_HEADERS") ?? [];
  const own = credentialHeader(credential);
  if (own !== null && extraHeaders.some(([name]) => name === own)) {
    values.fault("LLM_EXTRA_HEADERS", `the header ${own}`, "other headers: the credential sets this one");
  }
  if (credential.kind !== "none" && chat.protocol === "http:" && !isLoopbackHost(chat.hostname)) {
    values.warnings.push(`The model at ${chat.host} is reached by http: its credential travels unencrypted`);
  }
  return {
    name: ENVIRONMENT_UPSTREAM,
    chatUrl: chat,
    modelsUrl: modelsUrl(values, chat),
    defaultModel: values.get("LLM_MODEL_NAME"),
    systemPrompt: values.get("LLM_SYSTEM_PROMPT"),
    temperature: values.get("LLM_TEMPERATURE"),
    requestTimeout: values.get("LLM_REQUEST_TIMEOUT"),
    totalTimeout: values.get("LLM_TOTAL_TIMEOUT"),
    contextTokens: values.get("LLM_CONTEXT_TOKENS"),
    maxConcurrent: values.get("LLM_MAX_CONCURRENT"),
    extraHeaders,
    credential,
  };
}

function requireChatUrl(values: Values, blockers: readonly string[]): void {
  const more = blockers.length > 4 ? ", …" : "";
  const reasons = blockers.slice(0, 4).join(", ") + more;
  const expected = "the model's chat URL, or LLM_BASE_URL, or DEMO=1";
  values.fault("LLM_API_URL", NOTHING, `${expected} (the demo does not start by itself: ${reasons})`);
}

function credentialHeader(credential: CredentialSettings): string | null {
  switch (credential.kind) {
    case "none":
      return null;
    case "api_key":
      return credential.header;
    case "oauth2":
      return "authorization";
  }
}
