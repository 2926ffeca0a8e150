import { fail } from "@std/assert";
import { formatFault } from "./fault.ts";
import { type LoadedSettings, loadSettings } from "./load_settings.ts";
import type { Settings, UpstreamSettings } from "./settings.ts";
import type { SettingsSource } from "./source.ts";

/** For tests: a Linux machine with a home folder and these variables. */
export function load(env: Record<string, string>, rest: Partial<SettingsSource> = {}): LoadedSettings {
  return loadSettings({
    env: { HOME: "/home/ann", ...env },
    dotenv: null,
    readTextFile: () => {
      throw new Deno.errors.NotFound("no such file: /secret/path");
    },
    platform: "linux",
    ...rest,
  });
}

/** The settings, where there must be no fault. */
export function settingsOf(env: Record<string, string>, rest: Partial<SettingsSource> = {}): Settings {
  const loaded = load(env, rest);
  return loaded.ok ? loaded.settings : fail(loaded.faults.map(formatFault).join("\n"));
}

/** The names of the variables at fault, in order. */
export function faultNames(env: Record<string, string>, rest: Partial<SettingsSource> = {}): string[] {
  const loaded = load(env, rest);
  return loaded.ok ? [] : loaded.faults.map(({ name }) => name);
}

/** All faults as a person sees them. */
export function faultText(env: Record<string, string>, rest: Partial<SettingsSource> = {}): string {
  const loaded = load(env, rest);
  return loaded.ok ? "" : loaded.faults.map(formatFault).join("\n");
}

/** The one upstream of settings that must have no fault. */
export function upstreamOf(env: Record<string, string>): UpstreamSettings {
  return settingsOf(env).upstreams[0] ?? fail("there is no upstream");
}

/** A model behind OAuth2, complete. */
export const OAUTH_MODEL = {
  LLM_API_URL: "https://models.example/v1/chat/completions",
  OAUTH_HOST: "login.example",
  OAUTH_CLIENT_ID: "gate",
} as const;
