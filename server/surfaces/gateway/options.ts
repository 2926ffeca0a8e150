import type { Clock } from "../../effects/mod.ts";
import type { Inference } from "../../inference/mod.ts";
import type { Models, Upstream } from "../../upstream/mod.ts";
import type { Ledger } from "../../usage/mod.ts";

/** What the gateway dialect stands on. */
export interface GatewayOptions {
  /** The upstream that serves `model`; resolved for every request and never kept. */
  readonly resolve: (model: string | null) => { readonly upstream: Upstream; readonly models: Models };
  /** Sends the calls. */
  readonly inference: Pick<Inference, "events">;
  /** Sums what was used. */
  readonly usage: Pick<Ledger, "sum">;
  /** Measures the calls, keeps streams open, and knows the day. */
  readonly clock: Clock;
  /** The longest request body, in bytes. */
  readonly maxBodyBytes: number;
}
