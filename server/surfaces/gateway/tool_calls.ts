import { scanObject, type ToolCalls } from "../../upstream/mod.ts";

/** A tool call as this dialect shows it. */
export interface GatewayToolCall {
  readonly id: string;
  readonly name: string;
  /** `{"_raw":"…"}` where the model wrote no object. */
  readonly arguments: Readonly<Record<string, unknown>>;
}

/** The calls with their arguments parsed. */
export function gatewayToolCalls(calls: ToolCalls): readonly GatewayToolCall[] {
  return calls.list().map(({ id, name, arguments: text }) => ({ id, name, arguments: toolArguments(text) }));
}

/** A model that calls a function without parameters often writes nothing at all. */
function toolArguments(text: string): Readonly<Record<string, unknown>> {
  if (text.trim() === "") return {};
  // The scan also bounds the depth: what is parsed here is printed again.
  return scanObject(new TextEncoder().encode(text)).ok ? JSON.parse(text) : { _raw: text };
}
