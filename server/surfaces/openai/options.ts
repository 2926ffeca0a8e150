import type { Inference } from "../../inference/mod.ts";
import type { Models, Upstream } from "../../upstream/mod.ts";

/** What the OpenAI dialect stands on. */
export interface OpenAIOptions {
  /** The upstream that serves `model`; resolved for every request and never kept. */
  readonly resolve: (model: string | null) => { readonly upstream: Upstream; readonly models: Models };
  /** Sends the calls. */
  readonly inference: Inference;
  /** The longest request body, in bytes. */
  readonly maxBodyBytes: number;
}
