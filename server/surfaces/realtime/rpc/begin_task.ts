import type { Who } from "../../../accounts/mod.ts";
import type { Conversations, Outcome, TurnEnd } from "../../../conversations/mod.ts";
import type { Connection } from "../connection.ts";
import type { GenerateWish } from "./generate_params.ts";
import type { Ending, RunningTask } from "./running_task.ts";

/** What a task begins with, beside what was asked for. */
export interface BeginOptions {
  /** Where it shows. */
  readonly task: RunningTask;
  /** On whose behalf, as of now. */
  readonly who: Who;
  /**
   * Asked before the model goes on: a task may wait for its tools for hours.
   *
   * @throws {GatehouseError} whoever asked may not pass any more
   */
  readonly stillMay: () => Promise<void>;
  /** When it was asked for, in milliseconds on the monotonic clock. */
  readonly startedAt: number;
  /** The connection it runs on. */
  readonly connection: Connection;
  /** Where it runs. */
  readonly conversations: Conversations;
}

/** A task that was let through. */
export interface Begun {
  /** How it ended. Never rejects. */
  readonly ended: Promise<Ending>;
}

/**
 * Begins a turn of the session.
 *
 * @throws what refuses it
 */
export async function beginStored(
  wish: GenerateWish & { readonly kind: "stored" },
  options: BeginOptions,
): Promise<Begun> {
  const { task, who, startedAt, connection: { session, headers, log }, conversations } = options;
  const turn = await conversations.turns.begin({
    who,
    sessionId: session.id,
    content: wish.content,
    settings: wish.settings,
    fields: wish.fields,
    ...(wish.tools === null ? {} : { tools: wish.tools }),
    callTools: callsOf(options),
    onText: task.text,
    grace: null,
    signal: task.signal,
    headers,
    startedAt,
    log,
  });
  return { ended: turn.ended.then(endOfTurn) };
}

/**
 * Begins a task that brings its own history.
 *
 * @throws what refuses it
 */
export async function beginStateless(
  wish: GenerateWish & { readonly kind: "stateless" },
  options: BeginOptions,
): Promise<Begun> {
  const { task, who, startedAt, connection: { session, headers, log }, conversations } = options;
  const tools = wish.tools ?? await conversations.library.tools(who.userId, session.id);
  const { model = null, temperature = null, maxTokens = null, topP = null } = wish.settings;
  const admitted = Promise.withResolvers<null>();
  const outcome = conversations.tasks.run({
    who,
    messages: wish.messages,
    // The name `default` stands for the default model, as it does in all dialects.
    settings: { model: model === "default" ? null : model, temperature, maxTokens, topP },
    fields: wish.fields,
    tools,
    callTools: callsOf(options),
    onText: task.text,
    signal: task.signal,
    // The key that makes a request safe to repeat is the connection's: all its tasks would be repetitions of one.
    headers: headers.filter(([name]) => name !== "idempotency-key"),
    startedAt,
    log,
    onAdmitted: () => admitted.resolve(null),
  });
  const first = await Promise.race([admitted.promise, outcome]);
  if (first !== null && first.failure !== null) throw first.failure;
  return { ended: outcome.then(endOfTask, (thrown) => ({ kind: "error", thrown })) };
}

/** Has the calls of a round made; what the tools gave goes to the model only for whoever may still ask it. */
function callsOf({ task, stillMay }: BeginOptions): RunningTask["call"] {
  return async (calls, signal) => {
    const results = await task.call(calls, signal);
    await stillMay();
    return results;
  };
}

function endOfTurn({ message, usage, failure }: TurnEnd): Ending {
  if (failure !== null) return { kind: "error", thrown: failure };
  const content = message?.content;
  return {
    kind: "end",
    status: statusOf(message?.status ?? "stopped", message?.finishReason ?? null),
    text: typeof content === "string" ? content : "",
    usage: usage?.usage ?? null,
  };
}

function endOfTask({ said, usage, failure }: Outcome): Ending {
  if (failure !== null) return { kind: "error", thrown: failure };
  return {
    kind: "end",
    status: statusOf(said.status, said.finishReason),
    text: said.text,
    usage: usage?.usage ?? null,
  };
}

/** `complete`, `stopped`, or the model's own word where it did not say all it had to say (`length`, `content_filter`). */
function statusOf(status: string, finishReason: string | null): string {
  if (status === "stopped") return "stopped";
  switch (finishReason) {
    case null:
    case "stop":
    case "tool_calls":
    case "function_call":
      return "complete";
    default:
      return finishReason;
  }
}
