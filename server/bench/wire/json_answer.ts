import type { Connection } from "./connection.ts";

/** Makes a call and reads its answer as JSON. @throws if its status is another than 200 or 201 */
export async function jsonAnswer(connection: Connection, request: Uint8Array): Promise<Record<string, unknown>> {
  const decoder = new TextDecoder();
  let text = "";
  const status = await connection.exchange(request, (bytes) => {
    text += decoder.decode(bytes, { stream: true });
  });
  if (status !== 200 && status !== 201) throw new Error(`A call was answered ${status}: ${text.slice(0, 300)}`);
  return JSON.parse(text);
}
