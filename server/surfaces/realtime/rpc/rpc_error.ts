/** The codes of JSON-RPC 2.0 §5.1, and the contract's own. */
export const RPC_CODES = {
  parseError: -32700,
  invalidRequest: -32600,
  methodNotFound: -32601,
  invalidParams: -32602,
  internalError: -32603,
  /** No task of this id runs on the connection: it never did, has ended, or was cancelled. */
  unknownTask: -32001,
  /** Something else must end first. */
  busy: -32002,
  /** What the answer comes from cannot give it: the upstream, its credential, the program that runs the tools. */
  upstream: -32003,
  /** The caller may not: credential, model, limits, budget. */
  notAllowed: -32004,
} as const;

/** One of {@linkcode RPC_CODES}. */
export type RpcCode = typeof RPC_CODES[keyof typeof RPC_CODES];

/** An error as clients see it (JSON-RPC 2.0 §5.1). */
export interface ErrorObject {
  /** What kind of error. */
  readonly code: RpcCode;
  /** What was being done, what is wrong, what to do. */
  readonly message: string;
  /** For programs: `code` is Gatehouse's own error code wherever there is one. */
  readonly data?: Readonly<Record<string, unknown>>;
}

/** An error that only this protocol knows. All others are errors of the rooms below. */
export class RpcError extends Error {
  /** The class's own name. */
  override readonly name = "RpcError";
  /** What the client gets. */
  readonly object: ErrorObject;

  /** An error for the client. */
  constructor(object: ErrorObject) {
    super(object.message);
    this.object = object;
  }
}
