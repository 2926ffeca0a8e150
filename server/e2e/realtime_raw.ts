import { assertEquals } from "@std/assert";
import { RawClient } from "../http/frame_fixture.ts";
import type { Gate } from "./gate.ts";
import { within } from "./realtime_within.ts";

/** What a WebSocket speaks. */
export type Speech = "text" | "rpc";

/** An answer or a notification of JSON-RPC, as far as it is looked at. */
export interface RpcFrame {
  readonly id?: unknown;
  readonly method?: string;
  readonly params?: { readonly task_id?: string; readonly chunk?: string; readonly status_message?: string };
  readonly result?: Readonly<Record<string, unknown>>;
  readonly error?: { readonly code: number; readonly data?: { readonly code?: string } };
}

/** Makes a session of a gate in open mode. @returns its id */
export async function makeSession(gate: Gate, speech: Speech): Promise<string> {
  const response = await fetch(`${gate.url}${speech === "text" ? "/set-llm" : "/create_session"}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: "{}",
  });
  const text = await response.text();
  assertEquals(response.status, 201, text);
  return JSON.parse(text).session_id;
}

/** Opens the WebSocket of a session on a bare connection. */
export async function openRaw(gate: Gate, session: string): Promise<RawClient> {
  return await RawClient.open(`${gate.url}/ws/${session}`);
}

/** A frame of JSON-RPC. */
export function rpc(id: unknown, method: string, params: unknown): string {
  return JSON.stringify({ jsonrpc: "2.0", id, method, params });
}

/** Reads on to the answer with this id, past all else. @param ms how long that may take, in milliseconds */
async function answerTo(client: RawClient, id: unknown, ms?: number): Promise<RpcFrame> {
  const read = async () => {
    while (true) {
      const frame: RpcFrame = JSON.parse(await client.nextText());
      if (frame.id === id) return frame;
    }
  };
  return await within(read(), `the answer to ${id}`, ms);
}

/** Asks and reads on to the answer. @param ms how long that may take, in milliseconds */
export async function askRaw(
  client: RawClient,
  id: unknown,
  method: string,
  params: unknown,
  ms?: number,
): Promise<RpcFrame> {
  await client.text(rpc(id, method, params));
  return await answerTo(client, id, ms);
}

/** Begins a stateless task. @returns its id */
export async function beginRaw(client: RawClient, content: string): Promise<string> {
  const { result, error } = await askRaw(client, content, "generate", { history: [{ role: "user", content }] });
  assertEquals(error, undefined);
  return String(result?.task_id);
}

/** Reads on to the end of a task. */
export async function endOf(client: RawClient, task: string): Promise<RpcFrame["params"]> {
  const read = async () => {
    while (true) {
      const { method, params }: RpcFrame = JSON.parse(await client.nextText());
      if ((method === "end" || method === "error") && params?.task_id === task) return params;
    }
  };
  return await within(read(), `the end of task ${task}`);
}

/** What is shown of a gate to see that it still does its work: a turn in a new session. */
export async function assertServes(gate: Gate): Promise<void> {
  using client = await openRaw(gate, await makeSession(gate, "text"));
  await client.text("now");
  const frames = [JSON.parse(await client.nextText()), JSON.parse(await client.nextText())];
  assertEquals([frames[0].chunk, frames[1].done], ["now", true]);
}
