import { chooseModel, type Models, type Upstream } from "../../upstream/mod.ts";
import { toolCallUpstream } from "../tools/tools_upstream.ts";
import type { ChatMessage } from "../window/window.ts";
import { demandFree } from "./own_fields.ts";
import type { Script } from "./rounds.ts";
import { type RunOptions, runTask } from "./run_task.ts";
import type { StatelessRequest, StatelessTasks } from "./stateless.ts";

/** What stateless tasks stand on. */
export interface StatelessOptions extends RunOptions {
  /** The upstream that serves `model`; resolved for every request and never kept. */
  readonly resolve: (model: string | null) => { readonly upstream: Upstream; readonly models: Models };
}

/** Tasks whose messages are in memory alone. */
export function createStatelessTasks({ resolve, ...running }: StatelessOptions): StatelessTasks {
  return {
    async run(request) {
      const { who, settings, headers, signal, startedAt, log, tools, onText, callTools, onAdmitted } = request;
      demandFree(request.fields);
      const asked = settings.model === "default" ? null : settings.model;
      const { upstream, models } = resolve(asked);
      const model = await chooseModel(asked, { upstream, models }, "/v1/models", signal);
      let isAdmitted = false;
      const outcome = await runTask({
        call: {
          upstream,
          who,
          model,
          maxOutput: models.maxOutput(model),
          headers,
          signal,
          startedAt,
          timeout: null,
          log,
          onAdmitted() {
            isAdmitted = true;
            onAdmitted?.();
          },
        },
        fields: fieldsOf(request, upstream.settings.temperature),
        tools,
        script: memoryScript(request.messages),
        onText,
        callTools,
      }, running);
      if (!isAdmitted && outcome.failure !== null) throw outcome.failure;
      return outcome;
    },
  };
}

/** What is asked for goes before other fields, the default temperature behind them. */
function fieldsOf(
  { fields, settings: { temperature, maxTokens, topP } }: StatelessRequest,
  byDefault: number | null,
): Readonly<Record<string, unknown>> {
  return {
    ...(byDefault === null ? {} : { temperature: byDefault }),
    ...fields,
    ...(temperature === null ? {} : { temperature }),
    ...(maxTokens === null ? {} : { max_tokens: maxTokens }),
    ...(topP === null ? {} : { top_p: topP }),
  };
}

function memoryScript(given: readonly ChatMessage[]): Script {
  const messages = [...given];
  return {
    window: () => Promise.resolve({ messages: [...messages], historyFrom: null }),
    said({ text, toolCalls }) {
      // As OpenAI writes it: nothing said beside the calls is null.
      const content = text === "" ? null : text;
      messages.push({ role: "assistant", content, tool_calls: toolCalls.map(toolCallUpstream) });
      return Promise.resolve();
    },
    answered(results) {
      for (const { toolCallId, content } of results) messages.push({ role: "tool", tool_call_id: toolCallId, content });
      return Promise.resolve();
    },
  };
}
