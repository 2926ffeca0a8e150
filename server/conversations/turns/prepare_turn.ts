import type { HeaderList } from "../../inference/mod.ts";
import { chooseModel, type Models, type Upstream } from "../../upstream/mod.ts";
import type { Library, Opened, TurnStart } from "../library/library.ts";
import { invalidField, nothingToReplace } from "../library/refusals.ts";
import type { Task } from "../rounds/rounds.ts";
import type { Session, ToolDefinition } from "../session.ts";
import { windowOf } from "../window/budget.ts";
import type { WindowWish } from "../window/window.ts";
import { modelFields, systemPromptOf, turnSettings } from "./turn_settings.ts";
import type { TurnRequest } from "./turns.ts";

/** The models that answer, asked anew for every request. @param model null: the default */
export type Resolve = (model: string | null) => { readonly upstream: Upstream; readonly models: Models };

/** A turn that may begin, as far as it can be said without asking the gate: nothing is stored, nothing is sent. */
export interface PreparedTurn {
  /** How the model is asked. */
  readonly call: Pick<Task["call"], "upstream" | "model" | "maxOutput" | "headers">;
  /** As {@linkcode Task.fields}. */
  readonly fields: Task["fields"];
  /** What the model may call. */
  readonly tools: readonly ToolDefinition[];
  /** What has to fit into the model's window. */
  readonly wish: Omit<WindowWish, "before" | "newest">;
  /** What the turn begins with. */
  readonly start: Omit<TurnStart, "owner">;
  /** The session it goes on in; null: a new one. */
  readonly session: Session | null;
}

/**
 * Chooses the model and its settings.
 *
 * @param opened the session the turn goes on in; null: a new one
 * @throws {GatehouseError} `invalid_field`, the codes of `chooseModel()`, `not_found`, `storage_unavailable`
 */
export async function prepareTurn(
  request: TurnRequest,
  opened: Opened | null,
  { library, resolve }: { readonly library: Pick<Library, "message" | "tools">; readonly resolve: Resolve },
): Promise<PreparedTurn> {
  const { who: { userId }, signal, newSession = {}, content, metadata = null, replaceFrom = null } = request;
  const session = opened?.session ?? null;
  const settings = turnSettings(request.settings ?? {}, session?.settings ?? newSession.settings ?? {});
  const { upstream, models } = resolve(settings.model);
  const model = await chooseModel(settings.model, { upstream, models }, "/v1/models", signal);
  if (replaceFrom !== null) await demandReplaceable(session, replaceFrom, library);
  const tools = request.callTools === undefined
    ? []
    : request.tools ?? (session === null ? newSession.tools ?? [] : await library.tools(userId, session.id));
  const maxOutput = models.maxOutput(model);
  const { contextTokens, reserve } = windowOf({
    configured: upstream.settings.contextTokens,
    known: models.contextWindow(model),
    maxTokens: settings.maxTokens,
    maxOutput,
  });
  return {
    call: { upstream, model, maxOutput, headers: headersOf(request.headers) },
    fields: modelFields(settings, request.fields ?? {}, upstream.settings),
    tools,
    wish: { model, contextTokens, reserve, systemPrompt: systemPromptOf(settings, upstream.settings), tools },
    start: {
      userId,
      base: opened === null ? null : { sessionId: opened.session.id, lastId: opened.lastId, replaceFrom },
      session: newSession,
      content,
      metadata,
      model,
    },
    session,
  };
}

/** @throws {GatehouseError} `not_found`: there is none; `invalid_field`: it is a tool's result */
async function demandReplaceable(
  session: Session | null,
  messageId: string,
  library: Pick<Library, "message">,
): Promise<void> {
  const message = session === null ? null : await library.message(session, messageId);
  if (message === null) throw nothingToReplace();
  if (message.role !== "tool") return;
  throw invalidField(
    "replace_from",
    "Cannot go on from before the message of `replace_from`: this message is the result of a tool call; name another",
  );
}

/** A turn is several calls: a key that makes one of them safe to repeat would make the next its repetition. */
function headersOf(headers: HeaderList): HeaderList {
  return headers.filter(([name]) => name === "user-agent" || name === "traceparent" || name.startsWith("openai-"));
}
