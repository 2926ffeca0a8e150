// An empty Deno server, the measure for memory and start.
import { announce } from "./announce.ts";

Deno.serve({
  hostname: "127.0.0.1",
  port: 0,
  onListen: announce,
}, () => new Response("ok"));
