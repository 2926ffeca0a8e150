import { assertEquals } from "@std/assert";
import { expectError, startGate } from "../../testing/mod.ts";

const ASK = JSON.stringify({ model: "m", messages: [{ role: "user", content: "hi" }] });
const HEAD = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n";

/** An upstream that answers every request with `answer` as it stands and closes. */
function rawUpstream(answer: (path: string) => string): { readonly url: URL; close(): Promise<void> } {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const serving = (async () => {
    for await (const connection of listener) {
      const buffer = new Uint8Array(4096);
      const length = await connection.read(buffer) ?? 0;
      const path = new TextDecoder().decode(buffer.subarray(0, length)).split(" ")[1] ?? "";
      await new Response(answer(path)).body?.pipeTo(connection.writable).catch(() => {}); // it may have hung up
    }
  })();
  return {
    url: new URL(`http://127.0.0.1:${listener.addr.port}/v1`),
    async close() {
      listener.close();
      await serving;
    },
  };
}

async function ask(answer: string): Promise<Response> {
  const upstream = rawUpstream((path) =>
    path.endsWith("/models") ? "HTTP/1.1 404 No\r\ncontent-length: 0\r\n\r\n" : answer
  );
  try {
    await using gate = await startGate(`${upstream.url.href}/chat/completions`);
    const response = await gate.chat(ASK);
    const text = await response.text().catch(() => "broken");
    return new Response(text, { status: response.status, headers: response.headers });
  } finally {
    await upstream.close();
  }
}

Deno.test("an answer that only the end of the connection ends passes when it is whole", async () => {
  const response = await ask(`${HEAD}\r\n{"choices":[]}\n`);
  assertEquals([response.status, await response.text()], [200, '{"choices":[]}\n']);
});

Deno.test("an answer that the end of the connection cuts is no answer", async () => {
  await expectError(await ask(`${HEAD}\r\n{"choices":[`), 502, "upstream_truncated");
});

Deno.test("a long answer that the end of the connection cuts breaks off for the client too", async () => {
  const response = await ask(`${HEAD}\r\n{"choices":["${"x".repeat(2 * 1024 * 1024)}`);
  assertEquals([response.status, await response.text()], [200, "broken"]);
});

Deno.test("a chunked answer that breaks before its end is a 502, not half an answer", async () => {
  await expectError(await ask(`${HEAD}transfer-encoding: chunked\r\n\r\n5\r\n{"cho\r\n`), 502, "upstream_failed");
});
