import { assert, assertEquals } from "@std/assert";
import { Api } from "./api.ts";

/** The data of an event of a reply, as far as the suites look at it. */
export interface EventData {
  readonly session_id?: string;
  readonly message_id?: string;
  readonly content?: string;
  readonly status?: string;
  readonly error?: { readonly code: string };
}

/** An event of a reply. */
export interface ReplyEvent {
  readonly id: string;
  readonly event: string;
  readonly data: EventData;
}

/** Reads a reply, event by event. */
export class ReplyStream implements AsyncDisposable {
  readonly #reader: ReadableStreamDefaultReader<string>;
  #text = "";
  /** The id of the last whole event. */
  lastId: string | null = null;

  constructor(response: Response) {
    assertEquals(response.status, 200);
    assert(response.body !== null);
    this.#reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  }

  /** Null: the stream has ended, and not within an event. @throws when it breaks */
  async next(): Promise<ReplyEvent | null> {
    for (;;) {
      const border = this.#text.indexOf("\n\n");
      if (border === -1) {
        const { done, value } = await this.#reader.read();
        if (!done) this.#text += value;
        else {
          assertEquals(this.#text, "", "what came of an event that did not end");
          return null;
        }
      } else {
        const frame = this.#text.slice(0, border);
        this.#text = this.#text.slice(border + 2);
        const fields = /^id: (\S+)\nevent: (\w+)\ndata: (.+)$/.exec(frame);
        if (fields === null) {
          assert(frame.startsWith(":"), `an event with id, event and data: ${frame}`);
          continue;
        }
        const [, id = "", event = "", data = ""] = fields;
        this.lastId = id;
        return { id, event, data: JSON.parse(data) };
      }
    }
  }

  /** The next so many events. */
  async take(count: number): Promise<ReplyEvent[]> {
    const events: ReplyEvent[] = [];
    while (events.length < count) {
      const event = await this.next();
      assert(event !== null, `the reply ended after ${JSON.stringify(events)}`);
      events.push(event);
    }
    return events;
  }

  /** All that is still to come. */
  async rest(): Promise<ReplyEvent[]> {
    const events: ReplyEvent[] = [];
    for (let event = await this.next(); event !== null; event = await this.next()) events.push(event);
    return events;
  }

  /** Leaves, in the middle of whatever was sent. */
  async cut(): Promise<void> {
    await this.#reader.cancel().catch(() => {}); // it may have broken already
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.cut();
  }
}

/** The text in some events. */
export function textIn(events: readonly ReplyEvent[]): string {
  return events.map(({ event, data }) => event === "chunk" ? data.content ?? "" : "").join("");
}

/** A session as it is shown. */
export interface ShownSession {
  readonly session_id: string;
  readonly name: string | null;
  readonly message_count: number;
}

/** A message as it is shown. */
export interface ShownMessage {
  readonly message_id: string;
  readonly role: "user" | "assistant" | "tool";
  readonly content: string;
  readonly status: "complete" | "stopped" | "failed";
  readonly finish_reason?: string | null;
  readonly tool_calls?: readonly { readonly id: string; readonly function: { readonly arguments: string } }[];
  readonly tool_call_id?: string;
}

/** The answer of `POST /conversation` with `stream: false`. */
export interface WholeReply {
  readonly session_id: string;
  readonly message_id: string;
  readonly status: string;
  readonly response: string;
}

interface Page<T> {
  readonly data: readonly T[];
  readonly next_cursor: string | null;
}

/** What is sent to `POST /conversation`. */
export interface TurnFields {
  readonly message: string;
  readonly session_id?: string;
  readonly replace_from?: string;
}

/** A client of the conversations of one gate. */
export class Conversing {
  readonly api: Api;

  constructor(readonly url: string, readonly credential: string | null = null) {
    this.api = new Api(url, credential);
  }

  /** Begins a turn and streams its reply. */
  async stream(fields: TurnFields): Promise<ReplyStream> {
    return new ReplyStream(await this.api.ask("POST", "/conversation", fields));
  }

  /** Begins a turn and waits for all of its reply. */
  async whole(fields: TurnFields): Promise<WholeReply> {
    return await this.api.json("POST", "/conversation", { ...fields, stream: false });
  }

  /** @param last the id of the last event that was received */
  async join(sessionId: string, last: string | null = null): Promise<Response> {
    return await fetch(`${this.url}/conversation/session/${sessionId}/stream`, {
      headers: {
        ...(this.credential === null ? {} : { authorization: `Bearer ${this.credential}` }),
        ...(last === null ? {} : { "last-event-id": last }),
      },
    });
  }

  /** Goes on reading a reply. */
  async resume(sessionId: string, last: string | null = null): Promise<ReplyStream> {
    return new ReplyStream(await this.join(sessionId, last));
  }

  /** Stops what runs. @returns the replies that were stopped */
  async stop(sessionId: string): Promise<readonly string[]> {
    const path = `/conversation/session/${sessionId}/stop`;
    return (await this.api.json<{ readonly stopped: readonly string[] }>("POST", path)).stopped;
  }

  async session(sessionId: string): Promise<ShownSession> {
    return await this.api.json("GET", `/conversation/session/${sessionId}`);
  }

  /** All sessions, newest first. */
  async sessions(): Promise<ShownSession[]> {
    return (await this.#pages<ShownSession>("/conversation/sessions/user/me")).flat();
  }

  /** All messages, oldest first; their number must be the session's. */
  async history(sessionId: string): Promise<ShownMessage[]> {
    const pages = await this.#pages<ShownMessage>(`/conversation/session/${sessionId}/history`);
    const messages = pages.toReversed().flat();
    const ids = messages.map(({ message_id }) => message_id);
    assertEquals(ids, [...new Set(ids)].sort(), "the history's order");
    assertEquals((await this.session(sessionId)).message_count, messages.length, "message_count");
    return messages;
  }

  async #pages<T>(path: string): Promise<T[][]> {
    const pages: T[][] = [];
    for (let cursor: string | null = ""; cursor !== null;) {
      const query: string = `?limit=50${cursor === "" ? "" : `&cursor=${encodeURIComponent(cursor)}`}`;
      const page: Page<T> = await this.api.json("GET", path + query);
      pages.push([...page.data]);
      cursor = page.next_cursor;
    }
    return pages;
  }
}
