import { systemClock } from "../../effects/mod.ts";
import { createInference, type Inference } from "../../inference/mod.ts";
import { createHttpClient, createWatchdog } from "../../network/mod.ts";
import { createMetrics, silentLogger } from "../../telemetry/mod.ts";
import { MockUpstream, settingsIn } from "../../testing/mod.ts";
import { createModels, createUpstream, type Models, type Upstream } from "../../upstream/mod.ts";
import { NO_CREDENTIAL } from "../../upstream/upstream_fixture.ts";
import { createAdmissions, createPrices } from "../../usage/mod.ts";

/** All that a task really goes through, with a mock at the far end. One token costs one millionth. */
export class Far implements AsyncDisposable {
  readonly mock: MockUpstream = new MockUpstream();
  readonly upstream: Upstream;
  readonly models: Models;
  readonly inference: Inference;
  readonly #parts = new AsyncDisposableStack();

  /** @param env more settings */
  constructor(env: Readonly<Record<string, string>> = {}) {
    const clock = systemClock;
    const log = silentLogger;
    this.#parts.use(this.mock);
    const settings = settingsIn("/nowhere", { LLM_API_URL: this.mock.chatUrl, LLM_MODEL_NAME: "m1", ...env });
    const [first] = settings.upstreams;
    if (first === undefined) throw new Error("the settings name no upstream");
    const http = createHttpClient({ settings: settings.network, clock, log });
    this.#parts.defer(() => http.close());
    const watchdog = createWatchdog(clock);
    this.#parts.defer(() => watchdog.close());
    this.upstream = createUpstream({ settings: first, credential: NO_CREDENTIAL, http, watchdog });
    this.models = createModels({ upstream: this.upstream, clock, watchdog, log });
    this.#parts.defer(() => this.models.close());
    const prices = createPrices({ currency: "USD", models: { m1: { input: 1, output: 1 } } });
    const admissions = createAdmissions({
      ledger: { open: ({ model }) => ({ end: (count) => prices.costOf(model, count), unused() {} }) },
      limiter: { reserve: () => Promise.reject(new Error("nobody is limited here")) },
      prices,
    });
    const metrics = createMetrics({ clock, version: "0", upstreams: [first.name], routes: [] });
    this.inference = createInference({ clock, watchdog, metrics, admissions });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#parts.disposeAsync();
  }
}
