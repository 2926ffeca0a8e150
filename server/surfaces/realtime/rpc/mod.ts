/**
 * JSON-RPC 2.0 over the WebSocket of a session: generate, tool_result, cancel.
 * @module
 */
export { rpcProtocol } from "./rpc_protocol.ts";
