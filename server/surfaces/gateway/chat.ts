import type { Handler } from "../../http/mod.ts";
import { ToolCalls } from "../../upstream/mod.ts";
import type { GatewayOptions } from "./options.ts";
import { sendChat } from "./send_chat.ts";
import { gatewayToolCalls } from "./tool_calls.ts";

/** `POST /api/v1/llm/chat`: the whole answer at once. */
export function chat(options: GatewayOptions): Handler {
  return async (call) => {
    const sent = await sendChat(call, options, false);
    if (sent instanceof Response) return sent;
    const { answer } = sent;
    let { model } = sent;
    let content = "";
    const calls = new ToolCalls();
    for await (const event of answer.events) {
      if (event.type === "start") model = event.model ?? model;
      else if (event.type === "tool_call_delta" && event.choice === 0) calls.add(event);
      // This dialect has no other place for a refusal.
      else if ((event.type === "text" || event.type === "refusal") && event.choice === 0) content += event.text;
    }
    const { usage, cost } = answer.bill();
    const latency_ms = Math.round(options.clock.monotonic() - call.env.startedAt);
    const headers = { ...answer.headers, "content-type": "application/json" };
    return Response.json({ content, model, usage, tool_calls: gatewayToolCalls(calls), latency_ms, cost }, { headers });
  };
}
