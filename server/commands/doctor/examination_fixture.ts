import { fail } from "@std/assert";
import { FakeClock } from "../../effects/fake_clock.ts";
import { createWatchdog, type OutgoingRequest } from "../../network/mod.ts";
import { formatFault, type LoadedSettings, loadSettings, type Settings } from "../../settings/mod.ts";
import type { DoctorEffects, Examination } from "./effects.ts";

/** A key for the vault: 32 bytes of nothing. */
export const SEALING_KEY = btoa("\0".repeat(32));

/** A model behind OAuth2, complete. */
export const OAUTH = {
  GATEHOUSE_KEY: SEALING_KEY,
  LLM_API_URL: "https://models.example/v1/chat/completions",
  OAUTH_TOKEN_URL: "https://login.example/token",
  OAUTH_CLIENT_ID: "gate",
} as const;

export function loaded(env: Record<string, string>): LoadedSettings {
  const readTextFile = () => fail("no file is read");
  return loadSettings({ env: { HOME: "/home/ann", ...env }, dotenv: null, readTextFile, platform: "linux" });
}

export function settingsOf(env: Record<string, string>): Settings {
  const all = loaded(env);
  return all.ok ? all.settings : fail(all.faults.map(formatFault).join("\n"));
}

/** A world in which nothing is reached unless `changes` say how; `asked` keeps the requests. */
export function examination(
  env: Record<string, string>,
  answer: (request: OutgoingRequest) => Response | Promise<Response> = () => fail("nothing is asked"),
  changes: Partial<DoctorEffects> = {},
): Examination & { readonly clock: FakeClock; readonly asked: readonly OutgoingRequest[] } {
  const clock = new FakeClock();
  const asked: OutgoingRequest[] = [];
  const http = {
    fetch(request: OutgoingRequest): Promise<Response> {
      asked.push(request);
      return Promise.resolve(request).then(answer);
    },
    close() {},
  };
  const effects: DoctorEffects = {
    clock,
    http,
    watchdog: createWatchdog(clock),
    resolve: () => Promise.resolve(["192.0.2.1"]),
    connect: () => Promise.resolve(),
    listen() {},
    ...changes,
  };
  return { settings: settingsOf(env), effects, signal: new AbortController().signal, clock, asked };
}

/** What one request carried. */
export function headerOf(request: OutgoingRequest | undefined, name: string): string | null {
  return new Headers(request?.headers).get(name);
}
