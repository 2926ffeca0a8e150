import { type Child, startFixture } from "./child.ts";
import { MODEL } from "./upstream_answer.ts";

/** What the upstream noted about one chat request. */
export interface UpstreamRequest {
  /** Its `idempotency-key` header, which crosses the gate. */
  readonly id: string;
  /** The first word of its first message: what the upstream was to do. */
  readonly prompt: string;
  readonly state: "held" | "streaming" | "done" | "aborted";
  /** When it ended or its caller was seen to have left; milliseconds since the epoch, with fractions. */
  readonly endedAt: number | null;
}

/** Whom the upstream lets in: who holds a valid token of the provider at this URL, who knows the key, or everybody. */
export type Admission = { readonly provider: string } | { readonly key: string } | "everybody";

/** A strict OpenAI-like model in a process of its own; `upstream_answer.ts` tells which prompt does what. */
export class Upstream implements AsyncDisposable {
  readonly #child: Child;

  private constructor(child: Child, readonly url: string) {
    this.#child = child;
  }

  static async start(admission: Admission): Promise<Upstream> {
    const env: Record<string, string> = admission === "everybody"
      ? {}
      : "key" in admission
      ? { UPSTREAM_KEY: admission.key }
      : { PROVIDER: admission.provider };
    const { child, url } = await startFixture("upstream_process.ts", env);
    return new Upstream(child, url);
  }

  /** The settings that make a gate use this upstream. */
  environment(): Record<string, string> {
    return { LLM_BASE_URL: `${this.url}/v1`, LLM_MODEL_NAME: MODEL };
  }

  async totals(): Promise<{ readonly requests: number; readonly unauthorized: number }> {
    return await (await fetch(`${this.url}/control/totals`)).json();
  }

  /** The chat requests whose id begins with `prefix`, in order of arrival. */
  async requests(prefix = ""): Promise<readonly UpstreamRequest[]> {
    return await (await fetch(`${this.url}/control/requests?prefix=${encodeURIComponent(prefix)}`)).json();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#child[Symbol.asyncDispose]();
  }
}
