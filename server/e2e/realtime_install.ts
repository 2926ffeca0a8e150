import { Api, getTokens, type Tokens } from "./api.ts";
import type { Gate } from "./gate.ts";
import type { Opening } from "./realtime_wire.ts";

/** A user with a login and a key. */
export interface Person {
  readonly userId: string;
  readonly username: string;
  /** Asks by the login. */
  readonly login: Api;
  readonly tokens: Tokens;
  /** Asks by the key. */
  readonly api: Api;
  readonly keyId: string;
  readonly key: string;
}

/** The password of all of them. */
export const PASSWORD = "a user's own password";

/** Has the administrator make a user, who logs in and makes a key. */
export async function addPerson(gate: Gate, admin: Api, username: string): Promise<Person> {
  const user = { username, password: PASSWORD };
  const { user_id: userId } = await admin.json<{ user_id: string }>("POST", "/users", user, 201);
  const tokens = await getTokens(gate.url, user);
  const login = new Api(gate.url, tokens.access_token);
  const { key_id: keyId, key } = await login.createKey({ name: "clients" });
  return { userId, username, login, tokens, api: new Api(gate.url, key), keyId, key };
}

/** Makes a session whose WebSocket speaks text. @returns its id */
export async function textSession(api: Api): Promise<string> {
  return (await api.json<{ session_id: string }>("POST", "/set-llm", {}, 201)).session_id;
}

/** Makes a session whose WebSocket speaks JSON-RPC. @returns its id */
export async function rpcSession(api: Api, tools: readonly unknown[] = []): Promise<string> {
  return (await api.json<{ session_id: string }>("POST", "/create_session", { tools }, 201)).session_id;
}

/** How a session is opened by a ticket. */
export async function byTicket(api: Api, session: string): Promise<Opening> {
  const { ticket } = await api.json<{ ticket: string }>("POST", "/ws-ticket", { session_id: session }, 201);
  return { url: api.url, path: `/ws/${session}?ticket=${ticket}` };
}

/** How a session is opened by a credential in the header. */
export function byHeader({ url, credential }: Api, session: string): Opening {
  return { url, path: `/ws/${session}`, headers: { authorization: `Bearer ${credential}` } };
}

/** How a session is opened by a credential beside the subprotocol. */
export function byProtocol({ url, credential }: Api, session: string): Opening {
  return { url, path: `/ws/${session}`, protocols: ["bearer", credential ?? ""] };
}
