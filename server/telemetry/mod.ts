/**
 * Telemetry: logs that cannot hold a secret, metrics, request ids. Knows `effects` and `secrets` only.
 * @module
 */
export {
  createMetrics,
  type CredentialReading,
  type FinishedRequest,
  type Metrics,
  type MetricsOptions,
} from "./metrics.ts";
export * from "./labels.ts";
export { consoleSink, type ConsoleSinkOptions, type ConsoleStream } from "./console_sink.ts";
export { fileSink, type FileSinkOptions } from "./file_sink.ts";
export { createLogger, type LoggerOptions, type RootLogger } from "./logger.ts";
export { type LogFields, type Logger, type LogLevel, silentLogger } from "./log.ts";
export type { LogSink } from "./sink.ts";
export { redactText } from "./redact.ts";
export { requestId } from "./request_id.ts";
