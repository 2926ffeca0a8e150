import type { RefusedCall } from "../../inference/mod.ts";

/** The upstream has refused a round (4xx). The message says so and no more: what the upstream said is in `refused`. */
export class RefusedError extends Error {
  /** The class's own name. */
  override readonly name = "RefusedError";
  // Private: a body must not slip into a log with the error.
  readonly #refused: RefusedCall;

  /** A refusal. @param upstream its name, for the message */
  constructor(refused: RefusedCall, upstream: string) {
    super(
      `Cannot get an answer of upstream ${upstream}: it refused the request with status ${refused.status}; ` +
        "check the model, the messages and the fields",
    );
    this.#refused = refused;
  }

  /** The refusal, which crosses the gate as it came. */
  get refused(): RefusedCall {
    return this.#refused;
  }
}
