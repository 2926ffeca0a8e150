import { formatFault, type LoadedSettings } from "../../settings/mod.ts";
import { fail, type Finding, ok, warn } from "./finding.ts";

/** Whether the settings can be used at all: one finding for each fault and each warning. */
export function checkSettings(loaded: LoadedSettings): readonly Finding[] {
  const warnings = loaded.warnings.map((warning) => warn("settings", warning));
  if (!loaded.ok) {
    return [
      ...loaded.faults.map((fault) => fail("settings", formatFault(fault), "Mend it in the environment or in .env.")),
      ...warnings,
    ];
  }
  return [ok("settings", summary(loaded)), ...warnings];
}

function summary({ settings }: LoadedSettings & { readonly ok: true }): string {
  const [upstream] = settings.upstreams;
  if (settings.demo || upstream === undefined) {
    return "nothing is configured (or DEMO=1 is set), so the demo runs: set LLM_API_URL and OAUTH_* or API_KEY_ENV_VAR for a model of yours";
  }
  return `good: the model at ${upstream.chatUrl.host} with ${CREDENTIALS[upstream.credential.kind]}`;
}

const CREDENTIALS = { none: "no credential", api_key: "an API key", oauth2: "OAuth2" } as const;
