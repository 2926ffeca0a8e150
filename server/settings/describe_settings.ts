import { Secret } from "../secrets/mod.ts";
import { showUrl } from "./fault.ts";
import type { Settings } from "./settings.ts";

/**
 * The settings as pairs of dotted path and text, for `doctor` and the debug log: `["server.port", "8000"]`. Secrets
 * appear as fingerprints, URLs without their query, extra parameters and certificates by name or number only.
 */
export function describeSettings(settings: Settings): (readonly [name: string, shown: string])[] {
  return Object.entries(settings).flatMap(([name, value]) => describe(name, value));
}

function describe(name: string, value: unknown): (readonly [string, string])[] {
  if (value === null) return [[name, "-"]];
  if (value instanceof Secret) return [[name, value.toString()]];
  if (value instanceof URL) return [[name, showUrl(value)]];
  if (name.endsWith(".caCertificates") && Array.isArray(value)) return [[name, `${value.length} file(s)`]];
  if (name.endsWith(".certificate")) return [[name, "given"]];
  if (/\.(extraParams|extraHeaders)$/.test(name) && Array.isArray(value)) {
    return [[name, value.map(([pairName]) => String(pairName)).join(", ") || "-"]];
  }
  if (name === "prices.models" && typeof value === "object") {
    return [[name, `${Object.keys(value).length} model(s)`]];
  }
  if (Array.isArray(value) && value.every((item) => typeof item === "string")) return [[name, value.join(", ") || "-"]];
  if (typeof value === "object") {
    return Object.entries(value).flatMap(([part, item]) => describe(`${name}.${part}`, item));
  }
  const text = String(value);
  return [[name, text.length > 100 ? `${text.slice(0, 100)}…` : text]];
}
