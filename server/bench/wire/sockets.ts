/** Opens a WebSocket as a browser would, with a token among its protocols. @throws if it cannot be opened */
export async function openSocket(url: string, path: string, token: string): Promise<WebSocket> {
  const socket = new WebSocket(`${url.replace("http", "ws")}${path}`, ["bearer", token]);
  await new Promise<void>((resolve, reject) => {
    socket.onopen = () => resolve();
    socket.onerror = (event) =>
      reject(new Error(event instanceof ErrorEvent ? event.message : "It could not be opened"));
  });
  return socket;
}

/** Closes it, and waits until it is. */
export async function closeSocket(socket: WebSocket): Promise<void> {
  await new Promise<void>((resolve) => {
    socket.onclose = () => resolve();
    socket.close();
  });
}

/** Says something and waits for the end of the reply. @throws if it is another than `done` */
export function socketTurn(socket: WebSocket, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.onclose = () => reject(new Error("The WebSocket was closed"));
    socket.onmessage = ({ data }) => {
      const frame: Record<string, unknown> = JSON.parse(data);
      if (frame.done === true) resolve();
      else if (frame.chunk === undefined) reject(new Error(`A turn ended with ${data}`));
    };
    socket.send(text);
  });
}
