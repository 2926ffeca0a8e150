import { LOCAL_USER, type Who } from "../../accounts/mod.ts";
import { asGatehouseError, createRoutes, errorResponse, type Exchange } from "../../http/mod.ts";
import { Secret } from "../../secrets/mod.ts";
import { silentLogger } from "../../telemetry/mod.ts";
import { FakeConversations } from "./conversations_fixture.ts";
import { sessionRoutes } from "./routes.ts";

/** The surface over conversations that the test plays, asked without a listener. */
export class Sessions {
  readonly conversations = new FakeConversations();
  /** The tickets that were given: for whom and for what. */
  readonly tickets: (readonly [userId: string, sessionId: string])[] = [];
  /** The exchange of the last request. */
  exchange: Exchange | null = null;
  readonly #router = createRoutes([sessionRoutes({
    conversations: this.conversations,
    tickets: {
      expiresIn: 30,
      issue: ({ userId }, sessionId) => {
        this.tickets.push([userId, sessionId]);
        return Promise.resolve(new Secret("ght_ticket"));
      },
    },
    maxBodyBytes: 4 * 1024 * 1024,
  })]);

  /** Posts `body`, as JSON unless it is text; null: without one. */
  async post(path: string, body: unknown, who: Who = LOCAL_USER, signal?: AbortSignal): Promise<Response> {
    const request = new Request(`http://gate${path}`, {
      method: "POST",
      headers: { ...(body === null ? {} : { "content-type": "application/json" }), "user-agent": "test/1" },
      body: body === null || typeof body === "string" ? body : JSON.stringify(body),
      ...(signal === undefined ? {} : { signal }),
    });
    this.exchange = {
      id: "request",
      headers: [...request.headers],
      who,
      address: "192.0.2.7",
      signal: request.signal,
      log: silentLogger,
      startedAt: 1234,
      route: null,
      told: false,
    };
    try {
      return await this.#router.fetch(request, this.exchange);
    } catch (error) {
      return errorResponse(asGatehouseError(error));
    }
  }
}

/** A user who is not open mode's. */
export function whoIs(userId: string, via: Who["via"] = "token"): Who {
  return { ...LOCAL_USER, userId, role: "user", via };
}

/** The status of an answer, with its code and field where it is an error. */
export async function told(response: Response): Promise<string> {
  const { error } = await response.json();
  if (error === undefined) return String(response.status);
  return [response.status, error.code, error.param].filter((part) => part !== null).join(" ");
}
