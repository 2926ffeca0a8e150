import type { Turn, TurnEvent } from "../../conversations/mod.ts";
import type { Logger } from "../../telemetry/mod.ts";
import { failureBody } from "./failure.ts";
import { doneBody } from "./message_body.ts";

/** The events of a turn as they go out, each named by the reply and its number (`Last-Event-ID`). */
export async function* eventFrames(
  events: AsyncIterable<TurnEvent>,
  { sessionId, replyId }: Pick<Turn, "sessionId" | "replyId">,
  log: Logger,
): AsyncGenerator<string, void, undefined> {
  for await (const event of events) {
    const data = JSON.stringify(dataOf(event, sessionId, log));
    yield `id: ${replyId}:${event.n}\nevent: ${event.type}\ndata: ${data}\n\n`;
  }
}

function dataOf(event: TurnEvent, sessionId: string, log: Logger): unknown {
  switch (event.type) {
    case "session":
      return { session_id: event.sessionId, message_id: event.messageId };
    case "chunk":
      return { content: event.text };
    case "done":
      return doneBody(sessionId, event.message);
    case "error":
      return failureBody(event.error, log);
  }
}
