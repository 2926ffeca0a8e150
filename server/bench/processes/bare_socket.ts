// The least a Deno WebSocket server can do, the measure for the memory of an open connection.
import { announce } from "./announce.ts";

Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: announce }, (request) => {
  // The protocol is the client's, as the gate chooses it.
  const { socket, response } = Deno.upgradeWebSocket(request, { protocol: "bearer" });
  socket.onmessage = () => {};
  return response;
});
