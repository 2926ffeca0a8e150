import { ERROR_RULES, type ErrorCode } from "./codes.ts";

/** What an error carries beside its code and message. */
export interface ErrorDetails {
  /** The request field at fault, as OpenAI's `param`. */
  readonly param?: string;
  /** When to try again, in whole seconds (`Retry-After`). */
  readonly retryAfterSeconds?: number;
  /** More headers of the answer, such as what is left of a limit. */
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * The one error that crosses rooms. Its message is written for the client: what was being done, what is wrong, what
 * to do. It never has a `cause`: a foreign error can hold a header or a body with a secret in it.
 *
 * It has no stack either. V8 keeps the frames of a stack alive as long as its error, and with them all that they refer to:
 * errors are the reasons of aborted requests, which Deno's sockets hold on to (2.8.2), and each would hold a whole answer.
 */
export class GatehouseError extends Error {
  /** The class's own name. */
  override readonly name = "GatehouseError";
  /** What went wrong, for programs. */
  readonly code: ErrorCode;
  /** The request field at fault; null: none. */
  readonly param: string | null;
  /** When to try again, in whole seconds; null: not said. */
  readonly retryAfterSeconds: number | null;
  /** More headers of the answer. */
  readonly headers: Readonly<Record<string, string>>;

  /** An error for the client. @param message for the client: what was being done, what is wrong, what to do */
  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(message);
    Error.stackTraceLimit = stackTraceLimit;
    this.code = code;
    this.param = details.param ?? null;
    this.retryAfterSeconds = details.retryAfterSeconds ?? null;
    this.headers = details.headers ?? {};
  }

  /** The HTTP status that the code stands for. */
  get status(): number {
    return ERROR_RULES[this.code].status;
  }

  /** OpenAI's `type` for the code. */
  get type(): string {
    return ERROR_RULES[this.code].type;
  }

  /** The one error body: OpenAI's `error` object, and `detail` for clients in FastAPI's habit. */
  toBody(): ErrorBody {
    const { message, type, param, code } = this;
    return { error: { message, type, param, code }, detail: message };
  }
}

/** The JSON body of every error answer of Gatehouse's own. */
export interface ErrorBody {
  /** OpenAI's error object. */
  readonly error: {
    readonly message: string;
    readonly type: string;
    readonly param: string | null;
    readonly code: ErrorCode;
  };
  /** The message again. */
  readonly detail: string;
}
