import { GatehouseError } from "../../../errors/mod.ts";
import type { Handler } from "../../../http/mod.ts";
import type { Logger } from "../../../telemetry/mod.ts";
import type { ConversationOptions } from "../options.ts";
import { sessionOf } from "../sessions.ts";
import { disposition } from "./disposition.ts";
import { jsonPieces } from "./json.ts";
import { markdownPieces } from "./markdown.ts";

/** What a conversation is exported as. */
const FORMATS = {
  md: { type: "text/markdown; charset=utf-8", pieces: markdownPieces },
  json: { type: "application/json", pieces: jsonPieces },
} as const;

/** `GET /conversation/session/{id}/export`: all of a conversation as one file, read as the client takes it. */
export function exportSession(options: ConversationOptions): Handler {
  const { library } = options.conversations;
  return async (call) => {
    const format = formatOf(new URL(call.req.raw.url).searchParams);
    const session = await sessionOf(call, options);
    const { type, pieces } = FORMATS[format];
    const bytes = encoded(pieces(session, library.forwards(session)), call.env.log);
    return new Response(ReadableStream.from(bytes), {
      headers: { "content-type": type, "content-disposition": disposition(session.name ?? "conversation", format) },
    });
  };
}

/** @throws {GatehouseError} `invalid_field` */
function formatOf(query: URLSearchParams): keyof typeof FORMATS {
  const stranger = [...query.keys()].find((name) => name !== "format");
  const format = query.has("format") ? query.getAll("format").join() : "md";
  if (stranger === undefined && (format === "md" || format === "json")) return format;
  throw new GatehouseError(
    "invalid_field",
    "Cannot export this conversation: the query is wrong: expected `format=md` or `format=json`, or nothing",
    { param: (stranger ?? "format").slice(0, 100) },
  );
}

/** What fails on the way breaks the connection: the client is not to take a part for the whole. */
async function* encoded(
  pieces: AsyncIterable<string>,
  log: Logger,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
  const encoder = new TextEncoder();
  try {
    for await (const piece of pieces) yield encoder.encode(piece);
  } catch (error) {
    log.error("an export broke off", { error: error instanceof Error ? error : typeof error });
    throw error;
  }
}
