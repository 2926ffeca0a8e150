/**
 * JSON-RPC 2.0 over the WebSocket of a session: generate, tool_result, cancel.
 *
 * What the contract leaves open is decided so:
 * - A batch holds 100 requests at most, and is answered once all of them are. Ids go back as they were written.
 * - `generate` answers once the call is let through; what refuses it until then is its error. A task that is cancelled
 *   before has a result and an `end`, too. A place among the eight is free again at the task's end.
 * - `status_message` is `complete`, `stopped` (cancelled here, or stopped elsewhere), or the model's own word for an
 *   answer that is not whole (`length`, `content_filter`). `final_text` is that of the last round: empty where a task is
 *   stopped while it waits for tools.
 * - A result whose `tool_name` is not that of its call is a fault (−32602), and nothing of its request is taken.
 * - `error.data.code` is Gatehouse's own code; a refusal of the upstream has `data.status` and `data.body` instead. Which
 *   code of the protocol stands for which of ours: `error_object.ts`.
 * @module
 */
export { rpcProtocol } from "./rpc_protocol.ts";
