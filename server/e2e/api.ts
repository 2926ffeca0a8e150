import { assertEquals } from "@std/assert";

/** The answer of `POST /token`. */
export interface Tokens {
  readonly access_token: string;
  readonly refresh_token: string;
  readonly expires_in: number;
}

/** One line of `GET /api/v1/llm/usage`. */
export interface UsageLine {
  readonly key: string;
  readonly requests: number;
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly estimated: number;
  readonly cost: { readonly micros: number; readonly currency: string } | null;
}

/** What a key is made with. */
export interface KeyFields {
  readonly name: string;
  readonly rpm?: number;
  readonly tpm?: number;
  readonly budget?: { readonly amount_micros: number; readonly period: "day" | "month" };
}

/** A client of one gate that shows one credential. */
export class Api {
  /** @param url the gate's @param credential an access token or an API key; null: it shows none */
  constructor(readonly url: string, readonly credential: string | null) {}

  /** @param body sent as JSON */
  async ask(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<Response> {
    return await fetch(`${this.url}${path}`, {
      method,
      headers: {
        ...(this.credential === null ? {} : { authorization: `Bearer ${this.credential}` }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal === undefined ? {} : { signal }),
    });
  }

  /** Asks, and answers the body of what must have this status. The caller names its type: the suite would fail on another. */
  async json<T>(method: string, path: string, body?: unknown, status = 200): Promise<T> {
    const response = await this.ask(method, path, body);
    const text = await response.text();
    assertEquals(response.status, status, `${method} ${path}: ${text}`);
    return JSON.parse(text === "" ? "null" : text);
  }

  async createKey(fields: KeyFields): Promise<{ readonly key_id: string; readonly key: string }> {
    return await this.json("POST", "/keys", fields, 201);
  }

  /** The sums of the last 30 days, by `group`. */
  async usage(group: "model" | "user" | "key" | "day"): Promise<readonly UsageLine[]> {
    const { data } = await this.json<{ data: readonly UsageLine[] }>(
      "GET",
      `/api/v1/llm/usage?limit=1000&group_by=${group}`,
    );
    return data;
  }
}

/** `POST /token` with a form, as OAuth clients send it. */
export async function postToken(url: string, form: Record<string, string>): Promise<Response> {
  return await fetch(`${url}/token`, { method: "POST", body: new URLSearchParams(form) });
}

/** Logs in, or refreshes; the gate must agree. */
export async function getTokens(url: string, form: Record<string, string>): Promise<Tokens> {
  const response = await postToken(url, form);
  const text = await response.text();
  assertEquals(response.status, 200, text);
  return JSON.parse(text);
}
