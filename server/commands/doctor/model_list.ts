import { safeUrl } from "../../network/mod.ts";
import type { UpstreamSettings } from "../../settings/mod.ts";
import type { CredentialState } from "./credential.ts";
import type { Examination } from "./effects.ts";
import { fail, type Finding, ok, skip, warn } from "./finding.ts";
import { plainName, readObject } from "./read_json.ts";
import { LIMIT, limited, SILENCE } from "./time_limit.ts";

const WHAT = "model list";

/** Whether the model knows the credential and lists its models. @throws {NetworkError} */
export async function checkModelList(
  exam: Examination,
  { modelsUrl, defaultModel, extraHeaders, credential }: UpstreamSettings,
  { header }: CredentialState,
): Promise<readonly Finding[]> {
  if (modelsUrl === null) {
    return [skip(WHAT, `no URL is known (LLM_MODELS_API_URL), so the list is ${defaultModel ?? "empty"}`)];
  }
  if (header === null && credential.kind === "oauth2") {
    return [skip(WHAT, "there is no valid access token at hand, and none is fetched here")];
  }
  return await limited(exam, LIMIT, async (signal) => {
    const headers = new Headers({ accept: "application/json" });
    for (const [name, value] of extraHeaders) headers.set(name, value.reveal());
    if (header !== null) headers.set(header.name, header.value.reveal());
    const response = await exam.effects.http.fetch({ url: modelsUrl, headers, signal, silence: SILENCE });
    const answer = await readObject(exam, response, signal);
    if (!response.ok) return [refused(safeUrl(modelsUrl), response.status, credential.kind)];
    if (!Array.isArray(answer?.data)) {
      return [warn(WHAT, `${safeUrl(modelsUrl)} gives no OpenAI model list`, "Check LLM_MODELS_API_URL.")];
    }
    const ids = answer.data.map((model: unknown) =>
      typeof model === "object" && model !== null && "id" in model ? model.id : null
    );
    return [named(ids, defaultModel)];
  });
}

function refused(where: string, status: number, kind: UpstreamSettings["credential"]["kind"]): Finding {
  if (status === 401 || status === 403) {
    const fix = kind === "oauth2"
      ? "Check OAUTH_SCOPE and the audience (OAUTH_EXTRA_PARAMS), or log in again."
      : kind === "api_key"
      ? "Check the API key and API_KEY_HEADER."
      : "Set OAUTH_* or API_KEY_ENV_VAR.";
    return fail(WHAT, `the model refuses the credential (${status})`, fix);
  }
  if (status === 407) {
    return fail(WHAT, "the proxy asks for a login (407)", "Put user and password into HTTP_PROXY_URL.");
  }
  return warn(
    WHAT,
    `${where} answers ${status}`,
    "Check LLM_MODELS_API_URL; without a list the name in LLM_MODEL_NAME is served.",
  );
}

function named(ids: readonly unknown[], defaultModel: string | null): Finding {
  const known = ids.map(plainName).filter((id) => id !== null);
  const some = known.slice(0, 3).join(", ") + (known.length > 3 ? ", …" : "");
  const found = `${ids.length} ${ids.length === 1 ? "model" : "models"}${some === "" ? "" : `: ${some}`}`;
  if (defaultModel === null || ids.includes(defaultModel)) return ok(WHAT, found);
  return warn(
    WHAT,
    `${found}; LLM_MODEL_NAME (${defaultModel}) is not among them`,
    "Set LLM_MODEL_NAME to one of them.",
  );
}
