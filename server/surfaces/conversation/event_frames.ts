import type { Turn, TurnEvent } from "../../conversations/mod.ts";
import { inBandError } from "../../http/mod.ts";
import { doneBody } from "./message_body.ts";

/**
 * The events of a turn as they go out, each named by the reply and its number (`Last-Event-ID`).
 *
 * @param events asked for with the first frame: nobody is to count as a reader who never reads
 */
export async function* eventFrames(
  events: () => AsyncIterable<TurnEvent>,
  { sessionId, replyId }: Pick<Turn, "sessionId" | "replyId">,
): AsyncGenerator<string, void, undefined> {
  for await (const event of events()) {
    yield `id: ${replyId}:${event.n}\nevent: ${event.type}\ndata: ${oneLine(dataOf(event, sessionId))}\n\n`;
  }
}

/**
 * JSON in one line, whatever is taken for the end of one: some clients cut at those that Unicode has and JSON leaves as
 * they are (Python's `splitlines()`). A text without them, as nearly all are, comes out as it is.
 */
function oneLine(data: unknown): string {
  return JSON.stringify(data)
    .replace(/[\u0085\u2028\u2029]/g, (end) => `\\u${end.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

function dataOf(event: TurnEvent, sessionId: string): unknown {
  switch (event.type) {
    case "session":
      return { session_id: event.sessionId, message_id: event.messageId };
    case "chunk":
      return { content: event.text };
    case "done":
      return doneBody(sessionId, event.message);
    case "error":
      return inBandError(event.error);
  }
}
