import { monotonicUlid } from "@std/ulid";
import {
  type Accounts,
  cookieVerifier,
  createDoor,
  isOpen,
  keyVerifier,
  openAccounts,
  ticketVerifier,
  tokenVerifier,
  type User,
} from "../../accounts/mod.ts";
import { fastHasher, PASSWORD } from "../../accounts/users/users_fixture.ts";
import { FakeClock } from "../../effects/fake_clock.ts";
import { createDrain, createFront, createRoutes, createSockets, type Sockets } from "../../http/mod.ts";
import { Secret } from "../../secrets/mod.ts";
import { openVault } from "../../storage/mod.ts";
import { memoryStore } from "../../storage/testing.ts";
import { silentLogger } from "../../telemetry/mod.ts";
import { FakeConversations } from "../sessions/conversations_fixture.ts";
import { realtimeRoutes } from "./mod.ts";

/** WebSockets as the product serves them: real door and sockets on a port, conversations that the test plays. */
export interface Realtime extends AsyncDisposable {
  readonly conversations: FakeConversations;
  readonly clock: FakeClock;
  readonly accounts: Accounts;
  readonly sockets: Sockets;
  /** Where it listens, by `ws:`. */
  readonly url: URL;
  /** Makes a user with a login. */
  login(username: string): Promise<{ readonly user: User; readonly token: Secret }>;
  /** Asks for an upgrade in these words. @returns `101`, or the status and the code of the error */
  knock(path: string, headers?: Readonly<Record<string, string>>): Promise<string>;
  /** Opens a WebSocket as a page does. */
  open(path: string, protocols?: readonly string[]): Promise<Client>;
}

/** @param auth whether everybody must show a credential, or a program on this machine need not */
export async function realtimeFixture(auth: "required" | "auto" = "required"): Promise<Realtime> {
  const clock = new FakeClock();
  const store = await memoryStore({ clock });
  const sealingKey = new Secret(new Uint8Array(32).fill(7).toBase64());
  const accounts = await openAccounts({
    settings: {
      jwtSecret: new Secret("j".repeat(32)),
      accessTokenExpire: 30 * 60_000,
      adminUsername: null,
      adminPassword: null,
    },
    isRemote: false,
    store,
    vault: await openVault({ settings: { configDir: "", sealingKey }, log: silentLogger }),
    clock,
    log: silentLogger,
    newId: () => monotonicUlid(clock.now()),
    hasher: fastHasher(),
    erasers: [],
  });
  const { users, keys, tokens, tickets } = accounts;
  const bind = { auth, bind: "127.0.0.1" };
  const open = isOpen(bind);
  const conversations = new FakeConversations();
  const sockets = createSockets({ clock, log: silentLogger });
  const front = createFront({
    routes: createRoutes([realtimeRoutes({ conversations: conversations.rooms, sockets, tickets, open, clock })]),
    door: createDoor({ ...bind, allowedHosts: [], corsOrigins: [], registration: "closed" }, [
      keyVerifier({ keys, users, open }),
      tokenVerifier({ tokens, users }),
      ticketVerifier(tickets, open),
      cookieVerifier({ tokens, users, publicOrigin: null }),
    ]),
    drain: createDrain(1),
    openPaths: new Set(),
    freeRequests: new Set(),
    registration: "POST /users",
    drainPaths: new Set(),
    metricsToken: null,
    trustedProxies: [],
    corsOrigins: [],
    answerHeaders: [["x-of-the-answer", "1"]],
    clock,
    log: silentLogger,
  });
  const listener = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, front);
  const url = new URL(`ws://127.0.0.1:${listener.addr.port}`);
  return {
    conversations,
    clock,
    accounts,
    sockets,
    url,
    async login(username) {
      const user = await users.create({ username, password: PASSWORD, role: "user" });
      const { accessToken } = await tokens.issue(user);
      return { user, token: accessToken };
    },
    knock: (path, headers = {}) => knock(url, path, headers),
    open: (path, protocols = []) => Client.open(new URL(path, url), protocols),
    async [Symbol.asyncDispose]() {
      sockets.closeAll();
      await sockets.idle();
      await listener.shutdown();
      await accounts.close();
      store.close();
    },
  };
}

const UPGRADE = {
  upgrade: "websocket",
  connection: "Upgrade",
  "sec-websocket-version": "13",
  "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
};

/** Asks in bytes of its own: clients of WebSockets do not tell the status of a refusal. */
async function knock(url: URL, path: string, headers: Readonly<Record<string, string>>): Promise<string> {
  using connection = await Deno.connect({ hostname: url.hostname, port: Number(url.port) });
  const lines = Object.entries({ host: url.host, ...UPGRADE, ...headers }).map(([name, value]) => `${name}: ${value}`);
  await connection.write(new TextEncoder().encode([`GET ${path} HTTP/1.1`, ...lines, "", ""].join("\r\n")));
  const buffer = new Uint8Array(16_384);
  let text = "";
  for (;;) {
    const length = await connection.read(buffer);
    if (length === null) return text;
    text += new TextDecoder().decode(buffer.subarray(0, length));
    const [head = "", body] = text.split("\r\n\r\n");
    const status = head.split(" ")[1] ?? "";
    if (body === undefined) continue;
    if (status === "101") return status;
    const expected = Number(/^content-length: (\d+)/im.exec(head)?.[1]);
    if (body.length >= expected) return `${status} ${JSON.parse(body).error.code}`;
  }
}

/** A page's side of a WebSocket. */
export class Client {
  readonly #frames: unknown[] = [];
  readonly #waiting: ((frame: unknown) => void)[] = [];
  readonly #socket: WebSocket;
  /** How it was closed. */
  readonly closed: Promise<number>;

  constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.onmessage = ({ data }) => {
      const frame: unknown = JSON.parse(data);
      const waiting = this.#waiting.shift();
      if (waiting === undefined) this.#frames.push(frame);
      else waiting(frame);
    };
    this.closed = new Promise((resolve) => socket.onclose = ({ code }) => resolve(code));
  }

  static open(url: URL, protocols: readonly string[]): Promise<Client> {
    const socket = new WebSocket(url, [...protocols]);
    const client = new Client(socket);
    return new Promise((resolve, reject) => {
      socket.onopen = () => resolve(client);
      socket.onerror = () => reject(new Error("the WebSocket does not open"));
    });
  }

  /** The subprotocol that the server chose. */
  get protocol(): string {
    return this.#socket.protocol;
  }

  /** Sends a frame. */
  say(text: string): void {
    this.#socket.send(text);
  }

  /** The next frame of the server. */
  next(): Promise<unknown> {
    const frame = this.#frames.shift();
    return frame === undefined ? new Promise((resolve) => this.#waiting.push(resolve)) : Promise.resolve(frame);
  }

  /** Leaves. */
  async leave(): Promise<void> {
    this.#socket.close();
    await this.closed;
  }
}
