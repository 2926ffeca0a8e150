/**
 * Inference: admit, send, meter. The only caller of `Upstream.send` for model calls.
 * @module
 */
export { headersDown } from "./crossing.ts";
export { type ByteAnswer, type ByteCall, createInference, type Inference, type InferenceOptions } from "./inference.ts";
