import type { Clock } from "../../effects/mod.ts";
import { createWatchdog, type HttpClient, NetworkError } from "../../network/mod.ts";
import type { OAuthSettings, UpstreamSettings } from "../../settings/mod.ts";
import type { Held, Locks, Store, Vault } from "../../storage/mod.ts";
import { type FaultyStore, withFaults } from "../../storage/testing.ts";
import type { Logger } from "../../telemetry/mod.ts";
import type { Authorization, Credential, CredentialState, RefreshResult, RefreshStep } from "../mod.ts";
import { openCredential } from "../mod.ts";
import { KEPT, MANGLED } from "./fake_provider.ts";

export interface MachineOptions {
  readonly settings?: Partial<OAuthSettings>;
  /** Where the process dies, by the number of times this step was reached (from 1). */
  readonly diesAt?: { readonly step: RefreshStep; readonly time?: number };
  readonly failpoint?: (step: RefreshStep) => void | Promise<void>;
  /** 0 to 1. @default 0.5 */
  readonly random?: number;
}

interface Place {
  readonly clock: Clock;
  readonly store: Store;
  readonly vault: Vault;
  readonly locks: Locks;
  readonly provider: HttpClient;
  readonly log: Logger;
  readonly settings: OAuthSettings;
  /** Every refresh token sent, by any process, in order. */
  readonly sent: Sent[];
}

/** How a token request ended for the process that sent it. `kept`: well, and its refresh token stays in force. */
export type Ending = "open" | "well" | "kept" | "unreadable" | "busy" | "refused" | "lost";

/** A refresh token that left a process. */
export interface Sent {
  readonly machine: Machine;
  readonly refreshToken: string;
  ending: Ending;
}

const signal = new AbortController().signal;

/** One process with a credential in it. Once dead nothing that it began goes on, and its locks are free. */
export class Machine {
  readonly states: CredentialState[] = [];
  readonly results: RefreshResult[] = [];
  readonly steps: RefreshStep[] = [];
  readonly store: FaultyStore;
  /** The longest timer that was set, in milliseconds. */
  longestTimer = 0;
  dead = false;
  /** It died by {@linkcode Machine.kill}, in the middle of whatever it did. */
  killed = false;
  /** Its store was down at some time. */
  cutOff = false;
  readonly #sent: Sent[];
  readonly #death = new AbortController();
  readonly #held = new Set<Held>();
  readonly #timers = new Set<() => void>();
  #credential: Credential | null = null;

  private constructor(place: Place) {
    this.#sent = place.sent;
    this.store = withFaults(this.#mortal(place.store), place.clock);
  }

  static async start(place: Place, options: MachineOptions): Promise<Machine> {
    const machine = new Machine(place);
    const clock = machine.#clock(place.clock);
    let reached = 0;
    const opened = openCredential({
      upstream: upstreamOf(place.settings),
      store: machine.store,
      vault: place.vault,
      locks: machine.#locks(place.locks),
      http: machine.#http(place.provider),
      watchdog: createWatchdog(clock),
      clock,
      random: () => options.random ?? 0.5,
      newId: () => crypto.randomUUID(),
      log: place.log,
      onRefresh: (result) => machine.results.push(result),
      onState: (state) => machine.states.push(state),
      failpoint: async (step) => {
        machine.steps.push(step);
        if (step === options.diesAt?.step && ++reached === (options.diesAt.time ?? 1)) machine.kill();
        if (machine.dead) await new Promise(() => {});
        await options.failpoint?.(step);
      },
    });
    machine.#credential = await opened;
    return machine;
  }

  get credential(): Credential {
    if (this.#credential === null) throw new Error("The process has not started");
    return this.#credential;
  }

  /** The access token that a request would carry. */
  async token(abort: AbortSignal = signal): Promise<string> {
    return tokenOf(await this.credential.authorize(abort));
  }

  /** `kill -9`. */
  kill(): void {
    this.killed = true;
    this.#end();
  }

  #end(): void {
    this.dead = true;
    this.#death.abort();
    for (const held of this.#held) held.release();
    for (const end of this.#timers) end();
  }

  async stop(): Promise<void> {
    if (!this.dead) await this.credential.close();
    this.#end();
  }

  #mortal(store: Store): Store {
    const alive = <T>(work: () => Promise<T>): Promise<T> => this.dead ? new Promise(() => {}) : work();
    return {
      get: (key) => alive(() => store.get(key)),
      list: (prefix) => store.list(prefix),
      commit: (change) => alive(() => store.commit(change)),
      close() {},
    };
  }

  #clock(clock: Clock): Clock {
    return {
      now: () => clock.now(),
      monotonic: () => clock.monotonic(),
      setTimeout: (fn, ms) => {
        this.longestTimer = Math.max(this.longestTimer, ms);
        if (this.dead) return null;
        const timer = clock.setTimeout(() => {
          this.#timers.delete(end);
          if (!this.dead) fn();
        }, ms);
        const end = () => clock.clearTimeout(timer);
        this.#timers.add(end);
        return timer;
      },
      clearTimeout: (timer) => clock.clearTimeout(timer),
    };
  }

  #locks(locks: Locks): Locks {
    return {
      acquire: async (name, options) => {
        const held = await locks.acquire(name, options);
        if (held !== null && this.dead) await held.release();
        if (held !== null) this.#held.add(held);
        return held;
      },
    };
  }

  #http(provider: HttpClient): HttpClient {
    return {
      fetch: async (request) => {
        if (this.dead) return await new Promise(() => {});
        const refreshToken = new URLSearchParams(String(request.body ?? "")).get("refresh_token");
        const sent: Sent = { machine: this, refreshToken: refreshToken ?? "", ending: "open" };
        if (refreshToken !== null) this.#sent.push(sent);
        try {
          // Its connections end with it.
          const signal = AbortSignal.any([request.signal, this.#death.signal]);
          const response = await provider.fetch({ ...request, signal });
          if (this.dead) return await new Promise(() => {});
          sent.ending = endingOf(response);
          return response;
        } catch (error) {
          if (this.dead) return await new Promise(() => {});
          sent.ending = error instanceof NetworkError && !error.sent ? "busy" : "lost";
          throw error;
        }
      },
      close() {},
    };
  }
}

function endingOf({ status, headers }: Response): Ending {
  if (status === 200 && headers.has(MANGLED)) return "unreadable";
  if (status === 200) return headers.has(KEPT) ? "kept" : "well";
  if (status === 429 || status === 503) return "busy";
  return status >= 500 ? "lost" : "refused";
}

/** The bearer token of an authorization. */
export function tokenOf({ headers }: Authorization): string {
  return headers[0]?.[1].replace(/^Bearer /, "") ?? "";
}

function upstreamOf(credential: OAuthSettings): UpstreamSettings {
  return {
    name: "main",
    chatUrl: new URL("https://model.example/v1/chat/completions"),
    modelsUrl: null,
    defaultModel: null,
    systemPrompt: null,
    temperature: null,
    requestTimeout: 120_000,
    totalTimeout: 0,
    contextTokens: 32768,
    maxConcurrent: 0,
    extraHeaders: [],
    credential,
  };
}
