import { GatehouseError } from "../../errors/mod.ts";
import { asGatehouseError, type Handler, sseResponse } from "../../http/mod.ts";
import type { Logger } from "../../telemetry/mod.ts";
import { ToolCalls } from "../../upstream/mod.ts";
import type { GatewayOptions } from "./options.ts";
import { sendChat, type SentChat } from "./send_chat.ts";
import { gatewayToolCalls } from "./tool_calls.ts";

/** `POST /api/v1/llm/chat/stream`: the answer as it comes. */
export function chatStream(options: GatewayOptions): Handler {
  return async (call) => {
    const sent = await sendChat(call, options, true);
    if (sent instanceof Response) return sent;
    const { signal, log } = call.env;
    return sseResponse(frames(sent, log), { clock: options.clock, signal, headers: sent.answer.headers });
  };
}

/** The answer's events; a failure is the last of them, and only a clean end has the end mark. */
async function* frames({ model: asked, answer }: SentChat, log: Logger): AsyncGenerator<string, void, undefined> {
  let model = asked;
  const calls = new ToolCalls();
  try {
    for await (const event of answer.events) {
      if (event.type === "start") model = event.model ?? model;
      else if (event.type === "tool_call_delta" && event.choice === 0) calls.add(event);
      else if ((event.type === "text" || event.type === "refusal") && event.choice === 0) {
        yield frame({ content: event.text, model, is_final: false });
      }
    }
    const tool_calls = gatewayToolCalls(calls);
    const { usage } = answer.bill();
    yield frame({ content: "", model, ...(tool_calls.length === 0 ? {} : { tool_calls }), usage, is_final: true });
    yield "data: [DONE]\n\n";
  } catch (thrown) {
    if (!(thrown instanceof GatehouseError)) {
      log.error("a fault while answering", { error: thrown instanceof Error ? thrown : typeof thrown });
    }
    const { code, message } = asGatehouseError(thrown);
    yield frame({ error: code, detail: message });
  }
}

function frame(fields: Readonly<Record<string, unknown>>): string {
  return `data: ${JSON.stringify(fields)}\n\n`;
}
