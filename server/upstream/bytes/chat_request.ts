import { type Scan, scanObject, type Span } from "./json_scan.ts";
import { FIELDS, lazyEstimate, type RequestEstimate } from "./request_estimate.ts";
import { spliceMembers } from "./splice.ts";

/** The model that a request names. */
export type AskedModel =
  | { readonly kind: "named"; readonly name: string }
  /** Missing, null, or `"default"`. */
  | { readonly kind: "default" }
  /** Not a string. */
  | { readonly kind: "invalid" };

/** A chat request as the byte lane sees it. */
export interface ChatRequest {
  /** It is one valid JSON object. */
  readonly ok: true;
  /** What it names as `model`. */
  readonly model: AskedModel;
  /** It asks for an event stream. */
  readonly stream: boolean;
  /** The client itself asked for the usage event. */
  readonly asksUsage: boolean;
  /** A member that a lenient upstream would read in place of one that the gate goes by (`Model`, `models`); null: there is none. */
  readonly disguise: () => string | null;
  /**
   * The body for the upstream: as it was sent, but for the named values.
   *
   * @param model replaces the top-level `model`; null leaves it
   * @param askUsage sets `stream_options.include_usage` on a stream whose client did not
   * @returns the bytes, and whether `stream_options` in them is ours
   */
  readonly toUpstream: (
    model: string | null,
    askUsage: boolean,
  ) => { bytes: Uint8Array<ArrayBuffer>; addedUsage: boolean };
  /**
   * What it may take, computed at the first call and kept. Who needs it for long keeps this function by itself: after
   * the first call it does not hold the body.
   */
  readonly estimate: () => RequestEstimate;
}

/** Why the bytes are no chat request, for an error with the code `invalid_json`. */
export interface ChatFault {
  /** It is not. */
  readonly ok: false;
  /** A clause for the message. */
  readonly reason: string;
}

/** Reads of a chat request what the gate must decide on, without building it. */
export function readChatRequest(bytes: Uint8Array<ArrayBuffer>): ChatRequest | ChatFault {
  const scan = scanObject(bytes);
  if (!scan.ok) return scan;
  const stream = textOf(bytes, scan.members.get("stream")) === "true";
  const options = readStreamOptions(bytes, scan);
  if (!options.ok) return options;
  return {
    ok: true,
    model: readModel(textOf(bytes, scan.members.get("model"))),
    stream,
    asksUsage: options.asksUsage,
    disguise: () => disguised(scan.members.keys()),
    toUpstream: (model, askUsage) => {
      const edits = new Map<string, Uint8Array | string>();
      if (model !== null) edits.set("model", JSON.stringify(model));
      const addedUsage = askUsage && stream && !options.asksUsage && options.withUsage !== null;
      if (addedUsage && options.withUsage !== null) edits.set("stream_options", options.withUsage);
      return { bytes: spliceMembers(bytes, scan, edits), addedUsage };
    },
    estimate: lazyEstimate(bytes, scan),
  };
}

/** What the gate goes by when it limits a request. */
const DECISIVE = new Set([...FIELDS, "model", "stream", "stream_options"]);

/**
 * The first name that a lenient upstream would read in place of one that the gate goes by: Go's decoder takes names in
 * any case, the last one wins; `models` names others to fall back to (OpenRouter). Null: there is none.
 */
export function disguised(names: Iterable<string>): string | null {
  for (const name of names) {
    // Go folds as Unicode does: `ſ` is an s.
    const plain = name.toUpperCase().toLowerCase();
    if (plain === "models" || (plain !== name && DECISIVE.has(plain))) return name;
  }
  return null;
}

function readModel(text: string | null): AskedModel {
  const value: unknown = text === null ? null : JSON.parse(text);
  if (value === null || value === "default") return { kind: "default" };
  return typeof value === "string" ? { kind: "named", name: value } : { kind: "invalid" };
}

interface StreamOptions {
  readonly ok: true;
  readonly asksUsage: boolean;
  /** The value that asks for usage too; null if it is of a wrong type, which is the upstream's to refuse. */
  readonly withUsage: Uint8Array | string | null;
}

function readStreamOptions(bytes: Uint8Array<ArrayBuffer>, scan: Scan): StreamOptions | ChatFault {
  const span = scan.members.get("stream_options");
  if (span === undefined || textOf(bytes, span) === "null") {
    return { ok: true, asksUsage: false, withUsage: '{"include_usage":true}' };
  }
  const value = bytes.subarray(span.start, span.end);
  if (value[0] !== 0x7b) return { ok: true, asksUsage: false, withUsage: null };
  const inner = scanObject(value);
  if (!inner.ok) return { ok: false, reason: `in its stream_options ${inner.reason}` };
  const asksUsage = textOf(value, inner.members.get("include_usage")) === "true";
  return { ok: true, asksUsage, withUsage: spliceMembers(value, inner, new Map([["include_usage", "true"]])) };
}

function textOf(bytes: Uint8Array, span: Span | undefined): string | null {
  return span === undefined ? null : new TextDecoder().decode(bytes.subarray(span.start, span.end));
}
