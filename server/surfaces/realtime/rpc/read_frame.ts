import { scanObject } from "../../../upstream/mod.ts";
import { batchItems } from "./batch_items.ts";
import { type ErrorObject, RPC_CODES } from "./rpc_error.ts";

/** As many requests may stand in one batch: each is answered, and a frame has room for half a million of them. */
const MAX_BATCH = 100;

/** The parameters of a request, by name or by position; absent ones are none. */
export type Params = Readonly<Record<string, unknown>> | readonly unknown[];

/** A request that can be carried out. */
export interface Call {
  /** As it stands in the frame, so that it goes back as it came (numbers beyond 2^53, too); null: it wants no answer. */
  readonly id: string | null;
  /** What is asked for. */
  readonly method: string;
  /** With what. */
  readonly params: Params;
}

/** What stands where a request should be. */
export interface Misfit {
  /** As it stands in the frame; `null` where it cannot be read. */
  readonly id: string;
  /** What is wrong with it. */
  readonly error: ErrorObject;
}

/** What a frame holds. */
export interface Frame {
  /** Whether it is answered by an array. */
  readonly isBatch: boolean;
  /** In the order they stand; one, if it is no batch. */
  readonly requests: readonly (Call | Misfit)[];
}

/** What makes an id: text, a number, or null (JSON-RPC 2.0 §4). */
const ID = /^(?:"|-?\d|null$)/;

/** Reads a frame of text as JSON-RPC 2.0 (§4, §6). Pure; there is no text that it throws at. */
export function readFrame(text: string): Frame {
  const first = /[^ \t\r\n]/.exec(text)?.[0];
  if (first === "{") return single(readRequest(text) ?? (isJson(text) ? repeats : noJson));
  if (!isJson(text)) return single(noJson);
  if (first !== "[") return single(noRequest("it is neither an object nor an array"));
  const items = batchItems(text);
  if (items.length === 0) return single(noRequest("the batch is empty"));
  if (items.length > MAX_BATCH) return single(noRequest(`the batch holds more than ${MAX_BATCH} requests`));
  return {
    isBatch: true,
    requests: items.map((item) =>
      item.startsWith("{") ? readRequest(item) ?? repeats : noRequest("an item of the batch is no object")
    ),
  };
}

function single(request: Call | Misfit): Frame {
  return { isBatch: false, requests: [request] };
}

/** Whether a text is one JSON value that is not nested too deeply; keys that repeat at the top of an object count, too. */
function isJson(text: string): boolean {
  const scan = scanObject(new TextEncoder().encode(`{"frame":${text}}`));
  return scan.ok && scan.members.size === 1;
}

/** Null: it is not valid JSON, or a key of it stands there twice. */
function readRequest(text: string): Call | Misfit | null {
  const bytes = new TextEncoder().encode(text);
  const scan = scanObject(bytes);
  if (!scan.ok) return null;
  const fields: Readonly<Record<string, unknown>> = JSON.parse(text);
  const span = scan.members.get("id");
  const id = span === undefined ? null : new TextDecoder().decode(bytes.subarray(span.start, span.end));
  if (id !== null && !ID.test(id)) return noRequest("its `id` is no string, number or null");
  const { jsonrpc, method, params } = fields;
  if (jsonrpc !== "2.0") return noRequest('its `jsonrpc` is not "2.0"', id);
  if (typeof method !== "string") return noRequest("its `method` is no string", id);
  if (params === undefined) return { id, method, params: {} };
  if (typeof params !== "object" || params === null) return noRequest("its `params` are no object", id);
  // What is an object of JSON has text as keys, and any values.
  return { id, method, params: params as Params };
}

const noJson: Misfit = {
  id: "null",
  error: {
    code: RPC_CODES.parseError,
    message:
      "Cannot read this frame: it is not valid JSON, or nested too deeply; send one JSON-RPC 2.0 request, or an array of them",
  },
};

const repeats = noRequest("a key stands there twice");

function noRequest(what: string, id: string | null = null): Misfit {
  const message = `Cannot carry out this request: ${what}; send {"jsonrpc":"2.0","id":…,"method":…,"params":{…}}`;
  return { id: id ?? "null", error: { code: RPC_CODES.invalidRequest, message } };
}
