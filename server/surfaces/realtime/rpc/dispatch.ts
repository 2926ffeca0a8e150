import type { Logger } from "../../../telemetry/mod.ts";
import { errorObject } from "./error_object.ts";
import { type Call, type Misfit, type Params, readFrame } from "./read_frame.ts";
import { type ErrorObject, RPC_CODES, RpcError } from "./rpc_error.ts";

/** Has something done once the request is answered, or would have been: what must come after the answer. */
export type Later = (what: () => void) => void;

/** Carries out one kind of request. What it does before its first `await` comes in the order of the frames. */
export type Method = (params: Fields, later: Later) => Fields | Promise<Fields>;

type Fields = Readonly<Record<string, unknown>>;

/** What {@linkcode dispatch} is made of. */
export interface DispatchOptions {
  /** By name. */
  readonly methods: ReadonlyMap<string, Method>;
  /** Sends the answer. */
  readonly send: (text: string) => void;
  /** Told of our own faults. */
  readonly log: Logger;
}

/** Carries out what a frame asks for, all requests of a batch at once, and answers it (JSON-RPC 2.0 §5, §6). Never rejects. */
export async function dispatch(text: string, { methods, send, log }: DispatchOptions): Promise<void> {
  const { isBatch, requests } = readFrame(text);
  const after: (() => void)[] = [];
  const answer = async (request: Call | Misfit): Promise<string | null> => {
    if ("error" in request) return failed(request.id, request.error);
    const { id } = request;
    try {
      const result = await carryOut(request, methods, (what) => after.push(what));
      return id === null ? null : `{"jsonrpc":"2.0","id":${id},"result":${JSON.stringify(result)}}`;
    } catch (thrown) {
      const error = errorObject(thrown, log);
      return id === null ? null : failed(id, error);
    }
  };
  const answers = (await Promise.all(requests.map(answer))).filter((text) => text !== null);
  if (answers.length > 0) send(isBatch ? `[${answers.join(",")}]` : answers.join());
  for (const what of after) what();
}

function carryOut(
  { method: name, params }: Call,
  methods: DispatchOptions["methods"],
  later: Later,
): Fields | Promise<Fields> {
  const method = methods.get(name);
  if (method === undefined) {
    throw new RpcError({
      code: RPC_CODES.methodNotFound,
      message: `Cannot call ${JSON.stringify(name.slice(0, 100))}: there is no such method; call ${
        [...methods.keys()].join(", ")
      }`,
    });
  }
  if (isByPosition(params)) {
    throw new RpcError({
      code: RPC_CODES.invalidParams,
      message: `Cannot call ${name}: \`params\` is an array; send the parameters by name, as an object`,
      data: { code: "invalid_field", param: "params" },
    });
  }
  return method(params, later);
}

function isByPosition(params: Params): params is readonly unknown[] {
  return Array.isArray(params);
}

function failed(id: string, error: ErrorObject): string {
  return `{"jsonrpc":"2.0","id":${id},"error":${JSON.stringify(error)}}`;
}
