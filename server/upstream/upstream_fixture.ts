import type { Credential } from "../credential/mod.ts";
import type { UpstreamSettings } from "../settings/mod.ts";
import { createSlots } from "./slots.ts";
import type { Upstream } from "./upstream.ts";

/** The credential of an upstream that asks for none. */
export const NO_CREDENTIAL: Credential = {
  authorize: () => ({ headers: [], generation: 0 }),
  rejected: () => Promise.reject(new Error("not asked here")),
  health: () => ({
    state: "none",
    serving: true,
    since: 0,
    expiresAt: null,
    lastRefreshAt: null,
    lastError: null,
    fix: null,
  }),
  secrets: () => [],
  close: () => Promise.resolve(),
};

const SETTINGS: UpstreamSettings = {
  name: "u",
  chatUrl: new URL("http://127.0.0.1/v1/chat/completions"),
  modelsUrl: null,
  defaultModel: "m",
  systemPrompt: null,
  temperature: null,
  requestTimeout: 60_000,
  totalTimeout: 0,
  contextTokens: null,
  maxConcurrent: 0,
  extraHeaders: [],
  credential: { kind: "none" },
};

/** An upstream that answers as the test says. */
export function fakeUpstream(
  { send = () => Promise.reject(new Error("not asked here")), ...changes }:
    & Partial<UpstreamSettings>
    & Partial<Pick<Upstream, "send">>,
): Upstream {
  const settings = { ...SETTINGS, ...changes };
  return {
    name: settings.name,
    settings,
    credential: NO_CREDENTIAL,
    slots: createSlots(settings.maxConcurrent),
    send,
  };
}
