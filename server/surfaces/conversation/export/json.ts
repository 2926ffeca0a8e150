import type { Message, Session } from "../../../conversations/mod.ts";
import { messageBody } from "../message_body.ts";
import { sessionBody } from "../session_body.ts";

/** A conversation as one JSON object, `{session, messages}`, a message on each line. */
export async function* jsonPieces(
  session: Session,
  messages: AsyncIterable<Message>,
): AsyncGenerator<string, void, undefined> {
  yield `{"session":${JSON.stringify(sessionBody(session))},"messages":[`;
  let separator = "\n";
  for await (const message of messages) {
    yield separator + JSON.stringify(messageBody(message));
    separator = ",\n";
  }
  yield "\n]}\n";
}
