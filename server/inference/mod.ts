/**
 * Inference: admit, send, meter. The only caller of `Upstream.send` for model calls.
 * @module
 */
export { type HeaderList, headersDown } from "./crossing.ts";
export type { ByteAnswer, ByteCall, ModelCall } from "./call.ts";
export { createInference, type Inference, type InferenceOptions } from "./inference.ts";
export type { EventAnswer, EventCall, EventStream, RefusedCall } from "./event_call.ts";
