import type { Who } from "../accounts/mod.ts";
import { BYTES_PER_TOKEN, type RequestEstimate, type Usage } from "../upstream/mod.ts";
import type { Bill } from "./bill.ts";
import type { TokenCount } from "./count.ts";
import type { Ledger } from "./ledger.ts";
import type { Limiter, Reservation } from "./limiter.ts";
import type { Prices } from "./prices.ts";

/** A call that asks to be let through. */
export interface Ask {
  /** On whose behalf it is made. */
  readonly who: Who;
  /** The model, resolved. */
  readonly model: string;
  /** The longest answer of the model, in tokens, if its list says so. */
  readonly maxOutput: number | null;
  /** What the request may use; computed only where it is needed. */
  readonly estimate: () => RequestEstimate;
  /** Aborted when the client leaves. */
  readonly signal: AbortSignal;
}

/** A call that was let through, until its one ending. */
export interface Admission {
  /** What its limits leave (`x-ratelimit-*`); empty where none bind. */
  readonly headers: Readonly<Record<string, string>>;
  /** The call goes to the model. @param said the bytes that the model has said so far */
  begin(said: () => number): void;
  /** The call has ended. @param usage the upstream's count; null: it gave none, and it is estimated */
  used(usage: Usage | null): Bill;
  /** The call has ended, and the model did nothing for it. */
  unused(): Bill;
}

/** Lets calls through, and books what they use. */
export interface Admissions {
  /**
   * At once where no limit binds.
   *
   * @throws {GatehouseError} `rate_limit_exceeded`, `budget_exceeded`, `model_not_priced`, `storage_unavailable`
   * @throws the signal's reason
   */
  admit(ask: Ask): Admission | Promise<Admission>;
}

/** The longest answer where neither request nor price list nor model list says, in tokens. */
const MAX_OUTPUT = 4096;

/** Admission before a call and the books after it. */
export function createAdmissions({ ledger, limiter, prices }: {
  readonly ledger: Pick<Ledger, "open">;
  readonly limiter: Pick<Limiter, "reserve">;
  readonly prices: Prices;
}): Admissions {
  function open(ask: Ask, call: OpenCall, reservation: Reservation | null): Admission {
    const { who, model } = ask;
    const meter = ledger.open({ userId: who.userId, keyId: who.keyId, model }, () => soFar(ask, call));
    return {
      headers: reservation?.headers ?? NO_HEADERS,
      begin(said) {
        call.said = said;
      },
      used(usage) {
        const count = usage === null
          ? soFar(ask, call)
          : { prompt: usage.prompt_tokens, completion: usage.completion_tokens };
        const estimated = usage === null;
        const cost = meter.end(count, estimated);
        const total = count.prompt + count.completion;
        reservation?.settle({ tokens: total, micros: cost?.micros ?? 0 });
        return {
          usage: {
            prompt_tokens: count.prompt,
            completion_tokens: count.completion,
            total_tokens: usage?.total_tokens ?? total,
            estimated,
          },
          cost,
        };
      },
      unused() {
        meter.unused();
        reservation?.settle({ tokens: 0, micros: 0 });
        return { usage: NOTHING, cost: prices.costOf(model, { prompt: 0, completion: 0 }) };
      },
    };
  }

  return {
    admit(ask) {
      const call: OpenCall = { said: null };
      const { who: { limited }, model, signal } = ask;
      if (limited.length === 0) return open(ask, call, null);
      const { promptTokens: prompt, maxOutput, choices } = ask.estimate();
      const longest = maxOutput ?? prices.maxOutput(model) ?? ask.maxOutput ?? MAX_OUTPUT;
      const completion = longest * choices;
      const wish = {
        subjects: limited,
        tokens: prompt + completion,
        micros: prices.costOf(model, { prompt, completion })?.micros ?? null,
      };
      const running = () => {
        const count = soFar(ask, call);
        return { tokens: count.prompt + count.completion, micros: prices.costOf(model, count)?.micros ?? 0 };
      };
      return limiter.reserve(wish, running, signal).then((reservation) => open(ask, call, reservation));
    },
  };
}

interface OpenCall {
  /** Null: nothing was sent yet. */
  said: (() => number) | null;
}

const NO_HEADERS = {};
const NOTHING = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0, estimated: false };

function soFar({ estimate }: Ask, { said }: OpenCall): TokenCount {
  if (said === null) return { prompt: 0, completion: 0 };
  return { prompt: estimate().promptTokens, completion: Math.ceil(said() / BYTES_PER_TOKEN) };
}
