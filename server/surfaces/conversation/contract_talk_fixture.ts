import { assert, assertEquals, assertMatch } from "@std/assert";
import { chunk, DONE, events, FINISH, json, type MockUpstream, type Seen, USAGE } from "../../testing/mod.ts";
import { type Answer, assertUlid, type House, type Json, startHouse, str } from "../accounts/contract_fixture_test.ts";

export { chunk as chunkOf } from "../../testing/mod.ts";
export {
  type Answer,
  assertError,
  assertTime,
  assertUlid,
  codeOf,
  type House,
  type Json,
  rows,
  startHouse,
  str,
} from "../accounts/contract_fixture_test.ts";

/** One event of an SSE answer as it came; a comment has `comment` alone. */
export interface Event {
  readonly id: string | null;
  readonly event: string | null;
  readonly data: Json;
  readonly comment: string | null;
}

/** Reads an SSE answer event by event, and holds each to the form. */
export class Events implements AsyncDisposable {
  readonly #reader: ReadableStreamDefaultReader<string>;
  #text = "";
  #ended = false;

  constructor(readonly response: Response) {
    assert(response.body !== null);
    this.#reader = response.body.pipeThrough(new TextDecoderStream("utf-8", { fatal: true })).getReader();
  }

  /** The next event, comments included; null: the answer has ended. */
  async next(): Promise<Event | null> {
    while (!this.#text.includes("\n\n")) {
      const { value, done } = this.#ended ? { value: undefined, done: true } : await this.#reader.read();
      if (done) {
        this.#ended = true;
        assertEquals(this.#text, "", "the stream ended inside an event");
        return null;
      }
      this.#text += value;
    }
    const end = this.#text.indexOf("\n\n");
    const block = this.#text.slice(0, end);
    this.#text = this.#text.slice(end + 2);
    return parse(block);
  }

  /** All events to the end, without comments. */
  async rest(): Promise<Event[]> {
    const all: Event[] = [];
    for (let event = await this.next(); event !== null; event = await this.next()) {
      if (event.comment === null) all.push(event);
    }
    return all;
  }

  /** Reads up to the first event of that name and gives it. */
  async until(name: string): Promise<Event> {
    for (let event = await this.next(); event !== null; event = await this.next()) {
      if (event.event === name) return event;
    }
    throw new Error(`no event ${name} came`);
  }

  /** Leaves. */
  async leave(): Promise<void> {
    await this.#reader.cancel().catch(() => {});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.leave();
  }
}

function parse(block: string): Event {
  if (block.startsWith(":")) return { id: null, event: null, data: {}, comment: block };
  const fields = new Map<string, string>();
  for (const line of block.split("\n")) {
    const [, name = "", value = ""] = /^([a-z]+): (.*)$/s.exec(line) ?? [];
    assert(name !== "", `no field of an event: ${line}`);
    assert(name !== "data" || !fields.has("data"), "data in two lines");
    fields.set(name, value);
  }
  return {
    id: fields.get("id") ?? null,
    event: fields.get("event") ?? null,
    data: JSON.parse(fields.get("data") ?? ""),
    comment: null,
  };
}

/** The text of all chunks together. */
export function textOf(all: readonly Event[]): string {
  return all.filter((one) => one.event === "chunk").map((one) => str(one.data["content"])).join("");
}

/** The names of the events, chunks next to each other as one. */
export function namesOf(all: readonly Event[]): string[] {
  return all.map((one) => one.event ?? "").filter((name, i, names) => name !== "chunk" || names[i - 1] !== "chunk");
}

/** Holds the ids to `<message_id>:<n>` without a gap from `first`, and gives the reply's id. */
export function assertIds(all: readonly Event[], first = 0): string {
  const [id = ""] = (all[0]?.id ?? "").split(":");
  assertUlid(id);
  assertEquals(all.map((one) => one.id), all.map((_, i) => `${id}:${first + i}`));
  return id;
}

/** Holds an answer's headers to what is said of SSE. */
export function assertSse(response: Response): void {
  const { headers } = response;
  assertEquals(response.status, 200);
  assertMatch(headers.get("content-type") ?? "", /^text\/event-stream(; ?charset=utf-8)?$/i);
  assertEquals(headers.get("cache-control"), "no-cache, no-transform");
  assertEquals(headers.get("x-accel-buffering"), "no");
  assertMatch(headers.get("x-request-id") ?? "", /^[A-Za-z0-9._-]{1,128}$/);
}

/** The body that the upstream was sent. */
export function sent(seen: Seen): Json {
  return JSON.parse(seen.text);
}

/** The messages that the upstream was sent, as role and content. */
export function messagesOf(seen: Seen): unknown[] {
  const { messages } = sent(seen);
  assert(Array.isArray(messages));
  return messages;
}

/** An upstream that says these pieces, as a stream or whole as it is asked. */
export function say(...pieces: readonly string[]): (seen: Seen) => Response {
  return (seen) => {
    if (sent(seen)["stream"] === true) return events(...pieces.map(chunk), FINISH, USAGE, DONE);
    return json(JSON.stringify({
      id: "chatcmpl-1",
      object: "chat.completion",
      created: 1,
      model: "m1",
      choices: [{ index: 0, message: { role: "assistant", content: pieces.join("") }, finish_reason: "stop" }],
      usage: { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 },
    }));
  };
}

/** Answers the nth call by the nth of these, and all later ones by the last. */
export function script(...answers: readonly ((seen: Seen) => Response | Promise<Response>)[]) {
  let next = 0;
  return (seen: Seen) => {
    const answer = answers[Math.min(next++, answers.length - 1)];
    assert(answer !== undefined);
    return answer(seen);
  };
}

/** One user of a house, who talks. */
export class Person {
  constructor(readonly house: House, readonly id: string, readonly access: string) {}

  call(method: string, path: string, body?: unknown, more: HeadersInit = {}): Promise<Answer> {
    return this.house.call(method, path, this.access, body, more);
  }

  /** Makes a session. */
  async session(fields: Json = {}): Promise<string> {
    const made = await this.call("POST", "/conversation/session", fields);
    assertEquals(made.status, 201, made.text);
    return str(made.json["session_id"]);
  }

  /** One turn without a stream, which must go well. */
  async turn(fields: Json): Promise<Json> {
    const answer = await this.call("POST", "/conversation", { stream: false, ...fields });
    assertEquals(answer.status, 200, answer.text);
    return answer.json;
  }

  /** Begins a streamed turn. */
  async stream(fields: Json, init: RequestInit = {}): Promise<Events> {
    const headers = new Headers(init.headers);
    headers.set("authorization", `Bearer ${this.access}`);
    headers.set("content-type", "application/json");
    return new Events(
      await this.house.gate.fetch("/conversation", { ...init, method: "POST", headers, body: JSON.stringify(fields) }),
    );
  }

  /** Resumes a stream. */
  async resume(session: string, last: string | null, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers({ authorization: `Bearer ${this.access}` });
    if (last !== null) headers.set("last-event-id", last);
    return await this.house.gate.fetch(`/conversation/session/${session}/stream`, { ...init, headers });
  }

  /** The latest page of the history. */
  async history(session: string, query = ""): Promise<Json[]> {
    const answer = await this.call("GET", `/conversation/session/${session}/history${query}`);
    assertEquals(answer.status, 200, answer.text);
    const { data } = answer.json;
    assert(Array.isArray(data));
    return data;
  }

  /** The session as it stands. */
  async show(session: string): Promise<Json> {
    const answer = await this.call("GET", `/conversation/session/${session}`);
    assertEquals(answer.status, 200, answer.text);
    return answer.json;
  }

  /** Waits until the session's last message has a status other than none; three seconds at most. */
  async stored(session: string, count: number): Promise<Json[]> {
    for (let round = 0;; round++) {
      const history = await this.history(session);
      if (history.length >= count || round === 60) return history;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/** A house and its first user. */
export async function startTalk(env: Record<string, string> = {}): Promise<
  { house: House; ann: Person; upstream: MockUpstream } & AsyncDisposable
> {
  const house = await startHouse(env);
  try {
    house.upstream.answer = say("Hello", " there");
    const models = ["m1", "m2", "m3", "m9"].map((id) => ({ id, object: "model", created: 1, owned_by: "mock" }));
    house.upstream.list = () => Response.json({ object: "list", data: models });
    const ann = await person(house, "ann");
    return { house, ann, upstream: house.upstream, [Symbol.asyncDispose]: () => house[Symbol.asyncDispose]() };
  } catch (error) {
    await house[Symbol.asyncDispose]();
    throw error;
  }
}

/** One more user. */
export async function person(house: House, name: string): Promise<Person> {
  const { id, access } = await house.user(name);
  return new Person(house, id, access);
}

/** A person's usage of a model, once it shows; three seconds at most. */
export async function usageRow(who: Person, model: string): Promise<Json> {
  const found = await who.house.eventually(
    who.access,
    "?group_by=model",
    (all) => all.some((row) => row["key"] === model),
  );
  return found.find((row) => row["key"] === model) ?? {};
}
