import type { Who } from "../../accounts/mod.ts";
import type {
  Joined,
  Library,
  Message,
  NewSession,
  Session,
  SessionChange,
  Turn,
  TurnRequest,
} from "../../conversations/mod.ts";
import { NO_SETTINGS } from "../../conversations/mod.ts";
import { FakeClock } from "../../effects/fake_clock.ts";
import { GatehouseError } from "../../errors/mod.ts";
import { asGatehouseError, createRoutes, errorResponse, type Exchange, unknown } from "../../http/mod.ts";
import { type Logger, silentLogger } from "../../telemetry/mod.ts";
import { conversationRoutes } from "./mod.ts";

/** Whose sessions a fixture asks for, unless the test names another. */
export const ANN: Who = {
  userId: "01ANN",
  role: "user",
  via: "token",
  keyId: null,
  models: [],
  limited: [],
  ticketFor: null,
};

/** When all of it happens. */
export const NOON = Date.UTC(2026, 0, 1, 12);

/** A session of {@linkcode ANN}. */
export function sessionOf(changes: Partial<Session> = {}): Session {
  return {
    id: "01SESSION",
    userId: ANN.userId,
    name: null,
    protocol: "text",
    settings: NO_SETTINGS,
    lastModel: null,
    messageCount: 0,
    createdAt: NOON,
    updatedAt: NOON,
    ...changes,
  };
}

/** A message of the user. */
export function messageOf(changes: Partial<Message> = {}): Message {
  return {
    id: "01MESSAGE",
    role: "user",
    content: "hi",
    toolCalls: [],
    toolCallId: null,
    status: "complete",
    finishReason: null,
    historyFrom: null,
    model: null,
    bill: null,
    metadata: null,
    createdAt: NOON,
    ...changes,
  };
}

/** What a reply took. */
export const BILL: NonNullable<Message["bill"]> = {
  usage: { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7, estimated: false },
  cost: { micros: 12, currency: "USD" },
};

/** A whole reply. */
export function replyOf(changes: Partial<Message> = {}): Message {
  return messageOf({
    id: "01REPLY",
    role: "assistant",
    content: "hello",
    finishReason: "stop",
    model: "m1",
    bill: BILL,
    ...changes,
  });
}

/** Sessions in memory, and what the test puts in the place of turns. */
export class Rooms {
  readonly sessions = new Map<string, Session>();
  readonly messages = new Map<string, readonly Message[]>();
  /** What was asked of the turns. */
  readonly begun: TurnRequest[] = [];
  readonly asked: unknown[] = [];
  begin: () => Promise<Turn> = () => Promise.reject(new Error("the test begins no turn"));
  join: () => Promise<Joined> = () => Promise.resolve({ kind: "none" });
  stopped: readonly string[] = [];
  forwards: Library["forwards"] = (session) => from(this.messages.get(session.id) ?? []);

  add(session: Session, messages: readonly Message[] = []): Session {
    this.sessions.set(session.id, session);
    this.messages.set(session.id, messages);
    return session;
  }

  readonly library = {
    create: (userId: string, wish: NewSession) => {
      return Promise.resolve(
        this.add(sessionOf({ id: `01NEW${this.sessions.size}`, userId, name: wish.name ?? null })),
      );
    },
    open: (userId: string, id: string) => {
      const session = this.#of(userId, id);
      return Promise.resolve(session === null ? null : { session, lastId: null, running: null });
    },
    list: (userId: string, page: Parameters<Library["list"]>[1], search: string | null) => {
      this.asked.push({ ...page, search });
      const items = [...this.sessions.values()].filter((session) => session.userId === userId);
      return Promise.resolve({ items, nextCursor: "more" });
    },
    change: (userId: string, id: string, { settings, ...rest }: SessionChange) => {
      this.asked.push({ ...rest, ...(settings === undefined ? {} : { settings }) });
      const session = this.#of(userId, id);
      if (session === null) return Promise.reject(unknown("session"));
      return Promise.resolve(
        this.add({ ...session, ...rest, settings: { ...session.settings, ...settings } }),
      );
    },
    history: ({ id }: Session, { limit, cursor }: Parameters<Library["history"]>[1]) => {
      const all = this.messages.get(id) ?? [];
      const end = cursor === null ? all.length : Number(cursor);
      const start = Math.max(0, end - limit);
      return Promise.resolve({ items: all.slice(start, end), nextCursor: start === 0 ? null : String(start) });
    },
    forwards: (session: Session) => this.forwards(session),
  };

  readonly turns = {
    begin: (request: TurnRequest) => {
      this.begun.push(request);
      return this.begin();
    },
    join: (userId: string, id: string, last: { readonly replyId: string; readonly n: number } | null) => {
      this.asked.push(last);
      return this.#of(userId, id) === null ? Promise.reject(unknown("session")) : this.join();
    },
    stop: (userId: string, id: string) => {
      return this.#of(userId, id) === null ? Promise.reject(unknown("session")) : Promise.resolve(this.stopped);
    },
    remove: (userId: string, id: string) => {
      return Promise.resolve(this.#of(userId, id) !== null && this.sessions.delete(id));
    },
  };

  #of(userId: string, id: string): Session | null {
    const session = this.sessions.get(id);
    return session?.userId === userId ? session : null;
  }
}

/** What a test asks with. */
export interface Asked {
  /** @default {ANN} */
  readonly as?: Who;
  /** Sent as JSON. */
  readonly json?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  readonly log?: Logger;
}

/** The routes on rooms of a test, asked without a listener. */
export function conversationFixture(rooms: Rooms = new Rooms()) {
  const clock = new FakeClock(NOON);
  const routes = conversationRoutes({ conversations: rooms, clock, maxBodyBytes: 1024 * 1024 });
  const router = createRoutes([routes]);
  return {
    rooms,
    clock,
    routes,
    /** Asks `POST /conversation`, say. */
    async ask(line: string, asked: Asked = {}): Promise<Response> {
      const [method = "", path = ""] = line.split(" ");
      const request = new Request(`http://gate.example${path}`, {
        method,
        ...(asked.json === undefined ? {} : { body: JSON.stringify(asked.json) }),
        headers: { ...(asked.json === undefined ? {} : { "content-type": "application/json" }), ...asked.headers },
        ...(asked.signal === undefined ? {} : { signal: asked.signal }),
      });
      try {
        return await router.fetch(request, exchangeOf(request, asked));
      } catch (error) {
        if (request.signal.aborted) return errorResponse(new GatehouseError("client_closed_request", "left"));
        return errorResponse(asGatehouseError(error));
      }
    },
  };
}

/** The status of an answer, and its code and field where it is an error. */
export async function told(response: Response): Promise<string> {
  const text = await response.text();
  if (response.status < 400) return String(response.status);
  const { error } = JSON.parse(text);
  return `${response.status} ${error.code}${error.param === null ? "" : ` ${error.param}`}`;
}

async function* from<T>(items: Iterable<T>): AsyncGenerator<T, void, undefined> {
  for (const item of items) {
    await Promise.resolve();
    yield item;
  }
}

function exchangeOf(request: Request, { as = ANN, log = silentLogger }: Asked): Exchange {
  return {
    id: "request",
    headers: [...request.headers],
    who: as,
    address: "192.0.2.7",
    signal: request.signal,
    log,
    startedAt: 3,
    route: null,
    told: false,
  };
}
