// Clients that a test kills: opens so many connections, sends a chat request with a long body on each, and reads on.
const [port = "", count = "", prefix = "", prompt = "", stream = ""] = Deno.args;

async function ask(n: number): Promise<void> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port: Number(port) });
  const body = new TextEncoder().encode(JSON.stringify({
    messages: [{ role: "user", content: `${prompt} ${"x".repeat(50_000)}` }],
    stream: stream === "stream",
  }));
  const head = `POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\n` +
    `content-type: application/json\r\ncontent-length: ${body.length}\r\nidempotency-key: ${prefix}-${n}\r\n\r\n`;
  const writer = connection.writable.getWriter();
  await writer.write(new TextEncoder().encode(head));
  await writer.write(body);
  say("sent");
  let seen = "";
  let begun = false;
  for await (const text of connection.readable.pipeThrough(new TextDecoderStream())) {
    if (begun) continue;
    seen += text;
    begun = seen.includes("data: ");
    if (begun) say("begun");
    if (/^HTTP\/1\.1 [45]/.test(seen)) say(`refused ${seen}`);
  }
  say("ended");
}

function say(word: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${word}\n`));
}

await Promise.all(Array.from({ length: Number(count) }, (_, n) => ask(n)));
