import { type Clock, delay, unlessAborted } from "../effects/mod.ts";
import { GatehouseError } from "../errors/mod.ts";
import { readBody, type Watchdog } from "../network/mod.ts";
import type { Logger } from "../telemetry/mod.ts";
import { isObject, type Model, withKnownFields } from "./known_fields.ts";
import { failure, type Upstream, type UpstreamCall } from "./upstream.ts";

/** The models of an upstream. */
export interface ModelList {
  /** `upstream`: it gave the list itself; `settings`: only the configured name is known. */
  readonly source: "upstream" | "settings";
  /** In the upstream's order. */
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
  /**
   * Asks the upstream itself where the list does not tell: for one model, or with null for the list, and answers as it
   * does. Null when no URL is known to ask.
   *
   * @throws {GatehouseError} the codes of `Upstream.send`
   */
  ask(model: string | null, signal: AbortSignal): Promise<ModelsAnswer | null>;
  /** The longest answer of `model` in tokens, as far as the list at hand tells; null: it does not. */
  maxOutput(model: string): number | null;
  /** The window of `model` in tokens, prompt and answer together, as far as the list at hand tells; null: it does not. */
  contextWindow(model: string): number | null;
  /** Ends what is under way. */
  close(): Promise<void>;
}

/** The upstream's own answer. */
export interface ModelsAnswer {
  /** As the upstream answered. */
  readonly status: number;
  /** As the upstream sent them. */
  readonly headers: Headers;
  /** The whole body. */
  readonly body: Uint8Array<ArrayBuffer>;
}

const FRESH_FOR = 60_000;
/** A miss asks the upstream again, but not more often than this. */
const ASK_AGAIN = 5_000;
/** A list that the credential may not read costs a refresh of the token at every try. */
const REFUSED_FOR = 600_000;
const SILENCE = 10_000;
const MAX_LIST = 8 * 1024 * 1024;
const ATTEMPTS = 3;
/** How long a chat request waits for the first list before its model's name simply goes upstream. */
const PATIENCE = 2_000;

/** The models of `upstream`, asked for when they are first needed. */
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
  let refused = false;
  let flight: Promise<ModelList> | null = null;
  const closing = new AbortController();

  function renew(): Promise<ModelList> {
    askedAt = clock.monotonic();
    return flight ??= fetchList().finally(() => flight = null);
  }

  /** Never rejects: a failure keeps what is known. */
  async function fetchList(): Promise<ModelList> {
    if (modelsUrl === null) return cached = configured;
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      const over = new AbortController();
      const onClose = () => over.abort(new Error("the server is stopping"));
      closing.signal.addEventListener("abort", onClose);
      const timer = clock.setTimeout(() => over.abort(new Error("the model list took too long")), SILENCE);
      try {
        const answer = await upstream.send(callTo(modelsUrl, over.signal));
        refused = false;
        if (answer.ok) {
          const models = parseModels(new TextDecoder().decode(await bodyOf(answer.response, over.signal)));
          if (models !== null) return cached = { source: "upstream", models };
          log.warn("the model list cannot be read", { upstream: upstream.name });
          break;
        }
        log.debug("the model list was refused", { upstream: upstream.name, status: answer.status });
        if (answer.status < 500) break;
      } catch (error) {
        refused = error instanceof GatehouseError && error.code === "upstream_unauthorized";
        log.debug("the model list failed", {
          upstream: upstream.name,
          reason: error instanceof Error ? error.message : "unknown",
        });
        break;
      } finally {
        clock.clearTimeout(timer);
        closing.signal.removeEventListener("abort", onClose);
      }
      await delay(clock, 200 * attempt, closing.signal).catch(() => {}); // closing: said below
      if (closing.signal.aborted) break;
    }
    return cached ??= configured;
  }

  const callTo = (url: URL, signal: AbortSignal): UpstreamCall => ({
    url,
    method: "GET",
    headers: { accept: "application/json" },
    body: null,
    signal,
    silence: SILENCE,
    attempts: ATTEMPTS,
  });

  const bodyOf = (response: Response, signal: AbortSignal) =>
    readBody(response, { maxBytes: MAX_LIST, silence: SILENCE, watchdog, signal });

  function tokensOf(model: string, field: "max_output_tokens" | "context_window"): number | null {
    const tokens = cached?.models.find(({ id }) => id === model)?.[field];
    return typeof tokens === "number" ? tokens : null;
  }

  return {
    async list(signal) {
      if (cached === null) return await unlessAborted(renew(), signal);
      const known = cached.source === "upstream" || modelsUrl === null;
      const fresh = refused ? REFUSED_FOR : known ? FRESH_FOR : ASK_AGAIN;
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
      if (clock.monotonic() - askedAt > (refused ? REFUSED_FOR : ASK_AGAIN)) await unlessAborted(renew(), signal);
      return isMissing(cached, model);
    },
    async ask(model, signal) {
      // A URL would take these for steps out of the list.
      if (modelsUrl === null || model === "." || model === "..") return null;
      const url = new URL(modelsUrl);
      if (model !== null) url.pathname = `${url.pathname.replace(/\/+$/, "")}/${encodeURIComponent(model)}`;
      const answer = await upstream.send(callTo(url, signal));
      if (!answer.ok) return answer;
      const { status, headers } = answer.response;
      try {
        return { status, headers, body: await bodyOf(answer.response, signal) };
      } catch (error) {
        throw failure(error, upstream.name);
      }
    },
    maxOutput: (model) => tokensOf(model, "max_output_tokens"),
    contextWindow: (model) => tokensOf(model, "context_window"),
    async close() {
      closing.abort();
      await flight;
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
