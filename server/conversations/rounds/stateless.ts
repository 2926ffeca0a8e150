import type { Who } from "../../accounts/mod.ts";
import type { HeaderList } from "../../inference/mod.ts";
import type { Logger } from "../../telemetry/mod.ts";
import type { ModelSettings } from "../session.ts";
import type { ChatMessage } from "../window/window.ts";
import type { Outcome, Task } from "./rounds.ts";

/** A task that brings its own history and leaves nothing behind. */
export interface StatelessRequest extends Pick<Task, "onText" | "callTools" | "tools"> {
  /** On whose behalf. */
  readonly who: Who;
  /** All that the model is to know, in OpenAI's chat dialect; nothing is added and nothing cut. */
  readonly messages: readonly ChatMessage[];
  /** How the model is asked; what is null follows the defaults, but for the system prompt, which is not added. */
  readonly settings: Omit<ModelSettings, "systemPrompt">;
  /** More fields for the upstream. */
  readonly fields: Readonly<Record<string, unknown>>;
  /** Aborted when the task is cancelled, or the client leaves. */
  readonly signal: AbortSignal;
  /** The client's own headers. */
  readonly headers: HeaderList;
  /** When the request came, in milliseconds on the monotonic clock. */
  readonly startedAt: number;
  /** Its lines carry the request id. */
  readonly log: Logger;
  /** Called once the call is let through; what is refused until then is thrown. */
  readonly onAdmitted?: () => void;
}

/** Tasks that are not stored. */
export interface StatelessTasks {
  /**
   * Runs one to its end.
   *
   * @throws {GatehouseError} what is refused until it is let through: `invalid_field`, the codes of `chooseModel()` and of
   * `Admissions.admit()`, `model_not_allowed`; all that comes after is the outcome's failure
   * @throws the signal's reason, where it is aborted before a model is chosen
   */
  run(request: StatelessRequest): Promise<Outcome>;
}
