import { RefusedError } from "../../../conversations/mod.ts";
import { type ErrorCode, GatehouseError } from "../../../errors/mod.ts";
import type { Logger } from "../../../telemetry/mod.ts";
import { scanObject } from "../../../upstream/mod.ts";
import { type ErrorObject, RPC_CODES, type RpcCode, RpcError } from "./rpc_error.ts";

/** A refusal's body is told up to this length, in bytes. */
const MAX_BODY = 64 * 1024;

/**
 * Any thrown value as an error of this protocol; `data.code` says more exactly what it is, and of a refusal of the
 * upstream `data.status` and `data.body` say it in its own words. What is unknown is logged and not shown: it may hold a
 * secret.
 */
export function errorObject(thrown: unknown, log: Logger): ErrorObject {
  if (thrown instanceof RpcError) return thrown.object;
  if (thrown instanceof GatehouseError) {
    const { code, message, param, retryAfterSeconds } = thrown;
    const data = {
      code,
      ...(param === null ? {} : { param }),
      ...(retryAfterSeconds === null ? {} : { retry_after: retryAfterSeconds }),
    };
    return { code: rpcCode(code, thrown.status), message, data };
  }
  if (thrown instanceof RefusedError) {
    return { code: RPC_CODES.upstream, message: thrown.message, data: refusalData(thrown) };
  }
  log.error("a fault while answering", { error: thrown instanceof Error ? thrown : typeof thrown });
  return {
    code: RPC_CODES.internalError,
    message: "Cannot go on with this: a fault in the server; look up the x-request-id of the connection in its log",
  };
}

/** The body is there if it is a JSON object. */
function refusalData({ refused: { status, headers, body } }: RefusedError): ErrorObject["data"] & object {
  const isTold = body.byteLength <= MAX_BODY && scanObject(body).ok;
  const retryAfter = headers["retry-after"] ?? "";
  return {
    status,
    ...(/^\d{1,9}$/.test(retryAfter) ? { retry_after: Number(retryAfter) } : {}),
    ...(isTold ? { body: JSON.parse(new TextDecoder().decode(body)) } : {}),
  };
}

/** The one table from our codes, mostly by the status that they stand for, to the protocol's. */
function rpcCode(code: ErrorCode, status: number): RpcCode {
  switch (code) {
    case "model_not_found":
      return RPC_CODES.invalidParams;
    case "storage_unavailable":
      return RPC_CODES.internalError;
  }
  switch (status) {
    case 400:
    case 413:
    case 415:
    case 422:
      return RPC_CODES.invalidParams;
    // Who asks, what they may use, how much of it; and a session that is gone by now.
    case 401:
    case 403:
    case 404:
    case 429:
      return RPC_CODES.notAllowed;
    case 409:
      return RPC_CODES.busy;
    // The upstream and its credential; tools that gave nothing; a server that is stopping.
    case 502:
    case 503:
    case 504:
      return RPC_CODES.upstream;
    default:
      return RPC_CODES.internalError;
  }
}
