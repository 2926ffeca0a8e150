import { RefusedError } from "../../conversations/mod.ts";
import { type ErrorCode, GatehouseError } from "../../errors/mod.ts";
import { inBandError } from "../../http/mod.ts";
import type { OpenProtocol } from "./connection.ts";

/** After these nothing that is said here can be answered any more. */
const FINAL: ReadonlySet<ErrorCode> = new Set<ErrorCode>(["invalid_api_key", "invalid_token", "not_found"]);

/**
 * Plain text: a frame is what the user says; the reply comes in `{"chunk"}` frames, then `{"done":true}` once it is stored
 * and the session is free. A failure is an `{"error"}` frame, and the connection goes on, unless whoever opened it may not
 * pass any more or the session is gone: then it closes (1008). One turn at a time; leaving cancels it.
 */
export const textProtocol: OpenProtocol = (
  { socket, session, who, headers, log },
  { conversations: { turns }, clock },
) => {
  let running = false;
  let draining = false;
  let closed = false;

  function send(frame: Readonly<Record<string, unknown>>): void {
    if (!socket.signal.aborted) socket.send(JSON.stringify(frame));
  }

  function close(code: number, reason: string): void {
    if (closed || socket.signal.aborted) return;
    closed = true;
    socket.close(code, reason);
  }

  async function reply(text: string, startedAt: number): Promise<void> {
    const turn = await turns.begin({
      who: await who(),
      sessionId: session.id,
      content: text,
      onText: (chunk) => send({ chunk }),
      grace: null,
      signal: socket.signal,
      headers,
      startedAt,
      log,
    });
    const { message, usage, failure } = await turn.ended;
    if (failure !== null) throw failure;
    // A turn without a failure has stored its reply.
    if (message === null) throw new TypeError("a turn ended with neither a reply nor a failure");
    send({ done: true, message_id: message.id, usage: usage?.usage ?? null });
  }

  function fail(thrown: unknown): void {
    if (socket.signal.aborted) return;
    if (!(thrown instanceof GatehouseError || thrown instanceof RefusedError)) {
      log.error("a fault while answering", { error: thrown instanceof Error ? thrown : typeof thrown });
    }
    send({ error: inBandError(thrown).error });
    if (thrown instanceof GatehouseError && FINAL.has(thrown.code)) close(1008, thrown.code);
  }

  async function run(text: string): Promise<void> {
    running = true;
    try {
      await reply(text, clock.monotonic());
    } catch (thrown) {
      fail(thrown);
    } finally {
      running = false;
      if (draining) close(1001, "the server is stopping");
    }
  }

  return {
    onText(text) {
      if (closed || socket.signal.aborted) return;
      if (running) fail(busy());
      else if (text.trim() === "") fail(blank());
      else void run(text);
    },
    onDrain() {
      draining = true;
      if (!running) close(1001, "the server is stopping");
    },
  };
};

function busy(): GatehouseError {
  return new GatehouseError(
    "session_busy",
    "Cannot send this message: the reply to the one before is still coming; wait for its `done`",
  );
}

function blank(): GatehouseError {
  return new GatehouseError("invalid_field", "Cannot send this message: the frame is blank; send what the user says");
}
