import { demoBlockers, modelNames } from "./demo_rule.ts";
import type { Fault } from "./fault.ts";
import { accountSettings } from "./sections/accounts.ts";
import { Files } from "./sections/files.ts";
import { networkSettings } from "./sections/network.ts";
import { parsePrices, PRICES_EXPECTED } from "./sections/prices.ts";
import { serverSettings } from "./sections/server.ts";
import { storageSettings } from "./sections/storage.ts";
import { upstreamSettings } from "./sections/upstream.ts";
import type { Settings } from "./settings.ts";
import { mergeSource, type SettingsSource } from "./source.ts";
import { warnOfUnknownNames } from "./unknown_names.ts";
import { Values } from "./values.ts";
import type { VariableName } from "./variables/mod.ts";

/** Settings, or every fault there is. Warnings come with both; neither holds a secret. */
export type LoadedSettings =
  | { readonly ok: true; readonly settings: Settings; readonly warnings: readonly string[] }
  | { readonly ok: false; readonly faults: readonly Fault[]; readonly warnings: readonly string[] };

/** A variable that does nothing without the other. */
const COMPANIONS: readonly (readonly [name: VariableName, needs: VariableName])[] = [
  ["API_KEY_HEADER", "API_KEY_ENV_VAR"],
  ["DENO_KV_ACCESS_TOKEN", "DENO_KV_URL"],
  ["OAUTH_ACCESS_TOKEN_EXPIRES_AT", "OAUTH_ACCESS_TOKEN"],
];

/**
 * Parses and checks every setting, the environment over `.env`. Pure but for `source.readTextFile`, and never throws.
 *
 * @returns the settings, or all faults at once
 */
export function loadSettings(source: SettingsSource): LoadedSettings {
  const { texts, malformed } = mergeSource(source);
  const values = new Values(texts);
  if (malformed > 0) values.warnings.push(`.env: ${malformed} line(s) are not NAME=value and are ignored`);
  const files = new Files(values, source);
  const blockers = demoBlockers(values);
  const demo = blockers.length === 0;
  const prices = files.parse("PRICES_FILE", PRICES_EXPECTED, parsePrices);
  const sections = {
    server: serverSettings(values),
    storage: storageSettings(values, source),
    network: networkSettings(values, files),
    accounts: accountSettings(values),
  };
  const upstream = demo ? null : upstreamSettings(values, blockers);
  const warnings = [...values.warnings, ...generalWarnings(values, demo)];
  const { faults } = values;
  if (faults.length > 0) return { ok: false, faults, warnings };
  return {
    ok: true,
    settings: { ...sections, upstreams: upstream === null ? [] : [upstream], prices, demo },
    warnings,
  };
}

function generalWarnings(values: Values, demo: boolean): string[] {
  const warnings = warnOfUnknownNames(values.names(), values.get("API_KEY_ENV_VAR"));
  for (const [name, needs] of COMPANIONS) {
    if (values.isSet(name) && !values.isSet(needs)) warnings.push(`${name} does nothing without ${needs}`);
  }
  const ignored = modelNames(values);
  if (demo && ignored.length > 0) warnings.push(`DEMO=1: the demo runs and ignores ${ignored.join(", ")}`);
  return warnings;
}
