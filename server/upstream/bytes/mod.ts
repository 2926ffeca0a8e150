/**
 * The byte lane: a request is spliced, an answer relayed, as bytes; of both no more is read than must be.
 * Used by upstream and above.
 * @module
 */
export { type AskedModel, type ChatFault, type ChatRequest, disguised, readChatRequest } from "./chat_request.ts";
export { Borders } from "./borders.ts";
export { saidInJson } from "./content_bytes.ts";
export type { ByteDialect, EventFacts, Usage } from "./dialect.ts";
export { dataOf, isOnlyComment } from "./event_text.ts";
export { MAX_DEPTH, type Scan, type ScanFault, scanObject, type ScanResult, type Span } from "./json_scan.ts";
export { usageOfJson } from "./json_usage.ts";
export { openaiChat } from "./openai_chat.ts";
export { type EventRelayOptions, relay } from "./relay.ts";
export type { Outcome, RelayEnd, RelayOptions, RelayProgress } from "./relay_options.ts";
export { BYTES_PER_TOKEN, estimateRequest, type RequestEstimate } from "./request_estimate.ts";
export { concat, spliceMembers } from "./splice.ts";
export { tapJson, type TapOptions } from "./tap.ts";
export type { Watch, Watchdog, WatchLimits } from "./watchdog.ts";
