// The least a Deno pass-through can do: no checks, no credential, no metering. The first argument is the upstream's chat URL.
import { announce } from "./announce.ts";

const [upstream = ""] = Deno.args;

Deno.serve({
  hostname: "127.0.0.1",
  port: 0,
  onListen: announce,
}, async (request) => {
  const answer = await fetch(upstream, {
    method: request.method,
    headers: {
      "content-type": request.headers.get("content-type") ?? "",
      authorization: request.headers.get("authorization") ?? "",
    },
    body: await request.bytes(),
  });
  return new Response(answer.body, { status: answer.status, headers: answer.headers });
});
