import { type Clock, delay, unlessAborted } from "../effects/mod.ts";
import { readBody, type Watchdog } from "../network/mod.ts";
import type { Logger } from "../telemetry/mod.ts";
import type { Upstream } from "./upstream.ts";

/** One entry: the upstream's own fields, and the ones that clients of the gate may count on. */
export interface Model {
  readonly id: string;
  readonly [field: string]: unknown;
}

/** The models of an upstream. */
export interface ModelList {
  /** `upstream`: it gave the list itself; `settings`: only the configured name is known. */
  readonly source: "upstream" | "settings";
  readonly models: readonly Model[];
}

/** A cached model list: served stale while it is renewed, and after an upstream failure. */
export interface Models {
  /** The list; waits for the upstream only when there is none yet. */
  list(signal: AbortSignal): Promise<ModelList>;
  /**
   * Whether the upstream's own list is known to lack `model`: asked again before it is said. False when nobody knows.
   */
  lacks(model: string, signal: AbortSignal): Promise<boolean>;
}

const FRESH_FOR = 60_000;
/** A miss asks the upstream again, but not more often than this. */
const ASK_AGAIN = 5_000;
const SILENCE = 10_000;
const MAX_LIST = 8 * 1024 * 1024;
const ATTEMPTS = 3;
/** How long a chat request waits for the first list before its model's name simply goes upstream. */
const PATIENCE = 2_000;

export function createModels(
  { upstream, clock, watchdog, log }: {
    readonly upstream: Upstream;
    readonly clock: Clock;
    readonly watchdog: Watchdog;
    readonly log: Logger;
  },
): Models {
  const { modelsUrl, defaultModel } = upstream.settings;
  const configured: ModelList = {
    source: "settings",
    models: defaultModel === null ? [] : [{ id: defaultModel, object: "model", created: 0, owned_by: upstream.name }],
  };
  let cached: ModelList | null = null;
  let askedAt = -Infinity;
  let flight: Promise<ModelList> | null = null;

  function renew(): Promise<ModelList> {
    askedAt = clock.monotonic();
    return flight ??= ask().finally(() => flight = null);
  }

  /** Never rejects: a failure keeps what is known. */
  async function ask(): Promise<ModelList> {
    if (modelsUrl === null) return cached = configured;
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      const over = new AbortController();
      const timer = clock.setTimeout(() => over.abort(new Error("the model list took too long")), SILENCE);
      try {
        const answer = await upstream.send({
          url: modelsUrl,
          method: "GET",
          headers: { accept: "application/json" },
          body: null,
          signal: over.signal,
          silence: SILENCE,
          attempts: ATTEMPTS,
        });
        if (answer.ok) {
          const bytes = await readBody(answer.response, {
            maxBytes: MAX_LIST,
            silence: SILENCE,
            watchdog,
            signal: over.signal,
          });
          const models = parseModels(new TextDecoder().decode(bytes));
          if (models !== null) return cached = { source: "upstream", models };
          log.warn("the model list cannot be read", { upstream: upstream.name });
          break;
        }
        log.debug("the model list was refused", { upstream: upstream.name, status: answer.status });
        if (answer.status < 500) break;
      } catch (error) {
        log.debug("the model list failed", {
          upstream: upstream.name,
          reason: error instanceof Error ? error.message : "unknown",
        });
        break;
      } finally {
        clock.clearTimeout(timer);
      }
      await delay(clock, 200 * attempt);
    }
    return cached ??= configured;
  }

  return {
    async list(signal) {
      if (cached === null) return await unlessAborted(renew(), signal);
      const fresh = cached.source === "upstream" || modelsUrl === null ? FRESH_FOR : ASK_AGAIN;
      if (clock.monotonic() - askedAt > fresh) renew();
      return cached;
    },
    async lacks(model, signal) {
      if (cached === null) {
        const late = new AbortController();
        try {
          await unlessAborted(Promise.race([renew(), delay(clock, PATIENCE, late.signal).catch(() => {})]), signal);
        } finally {
          late.abort();
        }
      }
      if (!isMissing(cached, model)) return false;
      if (clock.monotonic() - askedAt > ASK_AGAIN) await unlessAborted(renew(), signal);
      return isMissing(cached, model);
    },
  };
}

function isMissing(list: ModelList | null, model: string): boolean {
  return list?.source === "upstream" && !list.models.some(({ id }) => id === model);
}

/** OpenAI's list, or a bare array; entries may be names. Null when it is none of these. */
function parseModels(text: string): Model[] | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  const list = Array.isArray(value) ? value : isObject(value) ? value.data ?? value.models : null;
  if (!Array.isArray(list)) return null;
  return list.flatMap((entry: unknown) => {
    if (typeof entry === "string") return [withKnownFields({ id: entry, object: "model" })];
    return isObject(entry) && typeof entry.id === "string" ? [withKnownFields({ ...entry, id: entry.id })] : [];
  });
}

/** What servers call the context window and the longest answer, brought under the contract's names. */
function withKnownFields(model: Model): Model {
  const window = firstNumber(model.context_window, model.context_length, model.max_model_len, model.max_input_tokens);
  const output = firstNumber(model.max_output_tokens, model.max_completion_tokens);
  return {
    object: "model",
    ...model,
    ...(window === null ? {} : { context_window: window }),
    ...(output === null ? {} : { max_output_tokens: output }),
  };
}

function firstNumber(...values: readonly unknown[]): number | null {
  return values.find((value): value is number => typeof value === "number" && value > 0) ?? null;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
