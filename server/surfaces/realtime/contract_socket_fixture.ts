import { assert, assertEquals } from "@std/assert";
import { events, type Seen } from "../../testing/mod.ts";
import { type House, type Json, type Person, str } from "../conversation/contract_talk_fixture.ts";

/** A WebSocket that keeps what came until the test takes it. */
export class Socket implements AsyncDisposable {
  readonly closed: Promise<CloseEvent>;
  readonly #socket: WebSocket;
  readonly #came: Json[] = [];
  #wake: (() => void) | null = null;
  #over = false;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    this.closed = new Promise((resolve) => {
      socket.onclose = (event) => {
        this.#over = true;
        this.#wake?.();
        resolve(event);
      };
    });
    socket.onmessage = (event) => {
      this.#came.push(JSON.parse(event.data));
      this.#wake?.();
    };
    socket.onerror = () => {};
  }

  /** Opens `path`; rejects where the server answers otherwise. */
  static async open(house: House, path: string, headers: HeadersInit = {}, protocols: string[] = []): Promise<Socket> {
    const url = new URL(path, house.gate.origin);
    url.protocol = "ws:";
    const inner = new WebSocket(url, { headers, protocols });
    const socket = new Socket(inner);
    await new Promise<void>((resolve, reject) => {
      inner.onopen = () => resolve();
      void socket.closed.then(() => reject(new Error("refused")));
    });
    return socket;
  }

  get protocol(): string {
    return this.#socket.protocol;
  }

  send(value: unknown): void {
    this.#socket.send(typeof value === "string" || value instanceof Uint8Array ? value : JSON.stringify(value));
  }

  /** The next frame. */
  async next(): Promise<Json> {
    for (;;) {
      const first = this.#came.shift();
      if (first !== undefined) return first;
      assert(!this.#over, "the socket has closed");
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }

  /** The frames up to and with the first that `last` likes. */
  async until(last: (frame: Json) => boolean): Promise<Json[]> {
    const all: Json[] = [];
    for (;;) {
      const frame = await this.next();
      all.push(frame);
      if (last(frame)) return all;
    }
  }

  /** Sends a JSON-RPC call and gives its answer; what comes before it must be none. */
  async call(id: number | string | null, method: string, params: unknown): Promise<Json> {
    this.send({ jsonrpc: "2.0", id, method, params });
    const frame = await this.next();
    assertEquals([frame["jsonrpc"], frame["id"]], ["2.0", id], JSON.stringify(frame));
    return frame;
  }

  /** The next notification of that method. */
  async notified(method: string): Promise<Json> {
    const all = await this.until((frame) => frame["method"] === method || frame["method"] === "error");
    const last = all.at(-1) ?? {};
    assertEquals(last["method"], method, JSON.stringify(last));
    return params(last);
  }

  close(): void {
    this.#socket.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
    await this.closed;
  }
}

/** The parameters of a notification, whose form is checked. */
export function params(frame: Json): Json {
  assertEquals(Object.keys(frame).sort(), ["jsonrpc", "method", "params"]);
  assertEquals(frame["jsonrpc"], "2.0");
  assert(typeof frame["params"] === "object" && frame["params"] !== null);
  return frame["params"] as Json; // an object has string keys
}

/** The result of an answer. */
export function result(frame: Json): Json {
  assertEquals(Object.keys(frame).sort(), ["id", "jsonrpc", "result"], JSON.stringify(frame));
  return frame["result"] as Json; // every result of the contract is an object
}

/** The code of an answer that is an error. */
export function errorCode(frame: Json): unknown {
  assertEquals(Object.keys(frame).sort(), ["error", "id", "jsonrpc"], JSON.stringify(frame));
  const error = frame["error"] as Json; // JSON-RPC 2.0 §5.1
  assert(Number.isInteger(error["code"]) && str(error["message"]).length > 0, JSON.stringify(frame));
  return error["code"];
}

/** Opens a person's socket in a new session of `/set-llm` or `/create_session`. */
export async function openSession(
  who: Person,
  path: "/set-llm" | "/create_session",
  body: Json = {},
): Promise<{ socket: Socket; session: string }> {
  const made = await who.call("POST", path, body);
  assertEquals(made.status, 201, made.text);
  const session = str(made.json["session_id"]);
  return { socket: await openIn(who, session), session };
}

/** Opens a person's socket in a session. */
export function openIn(who: Person, session: string): Promise<Socket> {
  return Socket.open(who.house, `/ws/${session}`, { authorization: `Bearer ${who.access}` });
}

/** One call of a tool as the upstream makes it. */
export interface ToolCall {
  readonly id: string;
  readonly name: string;
  readonly arguments: string;
}

/** An upstream that calls tools, in pieces as models do. */
export function callTools(...calls: readonly ToolCall[]): (seen: Seen) => Response {
  const piece = (delta: unknown, finish: string | null = null) =>
    `data: ${
      JSON.stringify({
        id: "c",
        object: "chat.completion.chunk",
        choices: [{ index: 0, delta, finish_reason: finish }],
      })
    }\n\n`;
  const pieces = calls.flatMap(({ id, name, arguments: text }, index) => [
    piece({ tool_calls: [{ index, id, type: "function", function: { name, arguments: "" } }] }),
    piece({ tool_calls: [{ index, function: { arguments: text.slice(0, 3) } }] }),
    piece({ tool_calls: [{ index, function: { arguments: text.slice(3) } }] }),
  ]);
  return () =>
    events(piece({ role: "assistant", content: null }), ...pieces, piece({}, "tool_calls"), "data: [DONE]\n\n");
}

/** A tool that any model would like to call. */
export const WEATHER = {
  name: "weather",
  description: "The weather in a city",
  parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
} as const;
