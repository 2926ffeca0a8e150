import { Secret } from "../../secrets/mod.ts";
import { NOTHING, showHidden } from "../fault.ts";
import type { ApiKeySettings, CredentialSettings } from "../settings.ts";
import { token, variableName } from "../types/text_types.ts";
import type { Values } from "../values.ts";
import { OAUTH_VARIABLES } from "../variables/mod.ts";
import { oauthSettings } from "./oauth.ts";

/** The upstream's credential: OAuth2, or an API key, or none (a model server of one's own may ask for nothing). */
export function credentialSettings(values: Values): CredentialSettings {
  const oauth = values.names().filter((name) => Object.hasOwn(OAUTH_VARIABLES, name));
  if (oauth.length > 0 && values.isSet("API_KEY_ENV_VAR")) {
    values.fault("API_KEY_ENV_VAR", `it beside ${oauth.join(", ")}`, "either an API key or OAuth2, not both");
  }
  if (oauth.length > 0) return oauthSettings(values);
  const variable = values.get("API_KEY_ENV_VAR");
  return variable === null ? { kind: "none" } : apiKeySettings(values, variable);
}

function apiKeySettings(values: Values, variable: string): ApiKeySettings {
  const text = values.text(variable);
  const parsed = token.parse(text ?? "");
  if (!parsed.ok && text === undefined) {
    const shown = variableName.show(variable);
    values.fault("API_KEY_ENV_VAR", `${shown}, which is not set`, variableName.expected);
  } else if (!parsed.ok) {
    values.fault("API_KEY_ENV_VAR", `a variable that holds ${showHidden(text ?? NOTHING)}`, parsed.expected);
  }
  return {
    kind: "api_key",
    variable,
    header: values.get("API_KEY_HEADER"),
    key: parsed.ok ? parsed.value : new Secret(""),
  };
}
