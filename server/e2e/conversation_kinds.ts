import { assert, assertEquals } from "@std/assert";
import { Conversing, type WholeReply } from "./conversation_client.ts";
import { promptOf, type Script } from "./conversation_script.ts";
import { SessionSocket } from "./conversation_socket.ts";

/** All that a client was told of its turn before the server died. */
export class Told {
  readonly prompt: string;
  sessionId: string | null = null;
  /** The user's message. */
  messageId: string | null = null;
  /** The id of the last event of a stream. */
  lastEventId: string | null = null;
  /** What was streamed. */
  text = "";
  /** How it ended. */
  done: { readonly messageId: string | null; readonly status: string; readonly text: string } | null = null;
  /** The calls of tools that it was sent. */
  readonly calls: string[] = [];
  /** Whether all of their results were taken. */
  answered = false;

  constructor(readonly kind: string, readonly script: Script) {
    this.prompt = promptOf(script);
  }
}

/** Does all that comes before a turn. @returns runs the turn to its end, or to the server's */
export type Prepare = (client: Conversing, told: Told) => Promise<() => Promise<void>>;

const noPreparation = (run: (client: Conversing, told: Told) => Promise<void>): Prepare => (client, told) =>
  Promise.resolve(() => run(client, told));

/** @param leaveAfter events after which the client leaves */
async function stream(client: Conversing, told: Told, leaveAfter = Infinity): Promise<void> {
  await using reply = await client.stream({ message: told.prompt });
  for (let n = 0; n < leaveAfter; n++) {
    const event = await reply.next();
    assert(event !== null || told.done !== null, "a stream ends with done");
    if (event === null) return;
    const { data } = event;
    assertEquals(event.id.split(":")[1], String(n));
    told.lastEventId = event.id;
    if (event.event === "session") {
      told.sessionId = data.session_id ?? null;
      told.messageId = data.message_id ?? null;
    } else if (event.event === "chunk") told.text += data.content;
    else {
      assertEquals(event.event, "done", JSON.stringify(data));
      told.done = { messageId: data.message_id ?? null, status: data.status ?? "", text: told.text };
    }
  }
}

function tell(told: Told, { session_id, message_id, response, status }: WholeReply): void {
  told.sessionId = session_id;
  told.done = { messageId: message_id, status, text: response };
}

async function chat(client: Conversing, told: Told): Promise<() => Promise<void>> {
  const { session_id } = await client.api.json<{ session_id: string }>("POST", "/set-llm", { temperature: 0 }, 201);
  told.sessionId = session_id;
  return async () => {
    const reply = await client.api.json<WholeReply>("POST", "/chat", { session_id, message: told.prompt });
    tell(told, { ...reply, status: "complete" });
  };
}

async function text(client: Conversing, told: Told): Promise<() => Promise<void>> {
  const { session_id } = await client.api.json<{ session_id: string }>("POST", "/set-llm", {}, 201);
  told.sessionId = session_id;
  const socket = await SessionSocket.open(client.url, session_id);
  return async () => {
    await using open = socket;
    open.send(told.prompt);
    while (told.done === null) {
      const frame = await open.next();
      assert(frame !== null, "a turn of a WebSocket ends with done");
      const { chunk, done, message_id } = frame;
      assert(chunk !== undefined || done === true, JSON.stringify(frame));
      told.text += chunk ?? "";
      if (done === true) told.done = { messageId: message_id ?? null, status: "complete", text: told.text };
    }
  };
}

const TOOL = { name: "look", description: "Looks", parameters: { type: "object", properties: { at: {} } } };

async function rpc(client: Conversing, told: Told): Promise<() => Promise<void>> {
  const session = await client.api.json<{ session_id: string }>("POST", "/create_session", { tools: [TOOL] }, 201);
  told.sessionId = session.session_id;
  const socket = await SessionSocket.open(client.url, session.session_id);
  const request = (id: number, method: string, params: object) => socket.send({ jsonrpc: "2.0", id, method, params });
  return async () => {
    await using _ = socket;
    request(1, "generate", { message: told.prompt });
    while (told.done === null) {
      const frame = await socket.next();
      assert(frame !== null, "a task ends with end");
      const { error, method, params, id, result } = frame;
      assertEquals(error, undefined, JSON.stringify(frame));
      if (id === 2) {
        assertEquals(result?.accepted, 2);
        told.answered = true;
      }
      if (params === undefined) continue;
      assert(method !== "error", JSON.stringify(frame));
      if (method === "text_chunk") told.text += params.chunk;
      if (method === "function_call_request") {
        told.calls.push(params.request_id ?? "");
        if (told.calls.length < 2) continue;
        const results = told.calls.map((tool_call_id) => ({ tool_call_id, tool_name: "look", result: tool_call_id }));
        request(2, "tool_result", { task_id: params.task_id, results });
      }
      if (method === "end") {
        told.done = { messageId: null, status: params.status_message ?? "", text: params.final_text ?? "" };
      }
    }
  };
}

/** Turns of all kinds. */
export const KINDS: Readonly<Record<string, Prepare>> = {
  stream: noPreparation((client, told) => stream(client, told)),
  // Nobody reads it any more, but it goes on.
  left: noPreparation((client, told) => stream(client, told, 3)),
  whole: noPreparation(async (client, told) => tell(told, await client.whole({ message: told.prompt }))),
  chat,
  text,
  rpc,
};
