import { type Clock, delay } from "../../effects/mod.ts";
import { type HttpClient, NetworkError, type OutgoingRequest } from "../../network/mod.ts";

/** How the provider meets one request to its token endpoint. `spends`: whether it acted on the refresh token first. */
export type Behaviour =
  | { readonly kind: "good"; readonly fields?: Readonly<Record<string, unknown>>; readonly omit?: readonly string[] }
  /** Acts, and answers `ms` later. */
  | { readonly kind: "late"; readonly ms: number }
  /** The connection breaks after the request left; no answer. */
  | { readonly kind: "lost"; readonly spends: boolean }
  /** Never answers; ends with the caller's signal only. */
  | { readonly kind: "hang"; readonly spends: boolean }
  | { readonly kind: "not_sent" }
  /** Acts, answers 200 and a body that breaks, is doubled, or is garbage. */
  | { readonly kind: "mangled"; readonly how: "breaks" | "twice" | "garbage" }
  /** Does not act. */
  | { readonly kind: "answer"; readonly status: number; readonly headers?: HeadersInit; readonly body?: unknown };

/** A request as it reached the provider. */
export interface Seen {
  readonly url: string;
  readonly method: string;
  readonly authorization: string | null;
  readonly contentType: string | null;
  readonly body: string;
  readonly form: URLSearchParams;
  /** Milliseconds on the wall clock. */
  readonly at: number;
  readonly attempts: number;
  readonly silence: number;
}

/** Marks an answer after which the old refresh token stays in force. */
export const KEPT = "x-refresh-token-kept";
/** Marks a 200 that cannot be read. */
export const MANGLED = "x-mangled";

interface Family {
  revoked: boolean;
  live: string;
}

/** An identity provider that rotates refresh tokens and revokes the family when one is used again, as an HTTP client. */
export class FakeProvider implements HttpClient {
  /** Seconds. */
  lifetime: unknown = 600;
  rotates = true;
  readonly seen: Seen[] = [];
  /** Refresh tokens that were acted on a second time. */
  readonly reuses: string[] = [];
  /** The most requests with one refresh token that were open at once. */
  mostAtOnce = 0;
  readonly #clock: Clock;
  readonly #script: Behaviour[] = [];
  readonly #families = new Map<string, Family>();
  readonly #access = new Map<string, Family>();
  readonly #open = new Map<string, number>();
  readonly #pages = new Map<string, (request: Seen, signal: AbortSignal) => Response | Promise<Response>>();
  #always: Behaviour | null = null;
  #count = 0;
  #gate: PromiseWithResolvers<void> | null = null;
  readonly #end = new AbortController();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A new grant, as after a login. */
  grant(): { readonly refreshToken: string; readonly accessToken: string } {
    const family: Family = { revoked: false, live: "" };
    const accessToken = this.#issue(family);
    return { refreshToken: family.live, accessToken };
  }

  /** What becomes of the next token requests, in order; then all are good again. */
  next(...behaviours: Behaviour[]): void {
    this.#script.push(...behaviours);
  }

  /** Forgets the script: all requests are good from now on. */
  calm(): void {
    this.#script.length = 0;
    this.#always = null;
  }

  /** What becomes of every token request without a script; null: good. */
  always(behaviour: Behaviour | null): void {
    this.#always = behaviour;
  }

  /** Answers another address. */
  page(href: string, answer: (request: Seen, signal: AbortSignal) => Response | Promise<Response>): void {
    this.#pages.set(href, answer);
  }

  /** Keeps requests waiting, not acted on, until the function that it returns is called. */
  hold(): () => void {
    this.#gate = Promise.withResolvers();
    return () => {
      this.#gate?.resolve();
      this.#gate = null;
    };
  }

  /** Whether the refresh token would be taken. */
  isLive(refreshToken: string): boolean {
    const family = this.#families.get(refreshToken);
    return family !== undefined && !family.revoked && family.live === refreshToken;
  }

  revoke(refreshToken: string): void {
    const family = this.#families.get(refreshToken);
    if (family !== undefined) family.revoked = true;
  }

  /** Whether the model would take the access token, its age aside. */
  accepts(accessToken: string): boolean {
    return this.#access.get(accessToken)?.revoked === false;
  }

  /** How often the token endpoint was asked. */
  get asked(): number {
    return this.tokenRequests.length;
  }

  get tokenRequests(): readonly Seen[] {
    return this.seen.filter((request) => request.url.endsWith("/token"));
  }

  async fetch(request: OutgoingRequest): Promise<Response> {
    request.signal.throwIfAborted();
    const headers = new Headers(request.headers);
    const body = typeof request.body === "string" ? request.body : new TextDecoder().decode(request.body);
    const seen: Seen = {
      url: request.url.href,
      method: request.method ?? "GET",
      authorization: headers.get("authorization") ?? null,
      contentType: headers.get("content-type") ?? null,
      body,
      form: new URLSearchParams(body),
      at: this.#clock.now(),
      attempts: request.attempts ?? 1,
      silence: request.silence,
    };
    const signal = AbortSignal.any([request.signal, this.#end.signal]);
    const page = this.#pages.get(seen.url);
    if (page !== undefined) {
      this.seen.push(seen);
      return await page(seen, signal);
    }
    const behaviour = this.#script.shift() ?? this.#always ?? { kind: "good" };
    if (behaviour.kind === "not_sent") {
      throw new NetworkError("unreachable", false, "idp.example:443 cannot be reached");
    }
    this.seen.push(seen);
    const token = seen.form.get("refresh_token") ?? "";
    const open = (this.#open.get(token) ?? 0) + 1;
    this.#open.set(token, open);
    if (token !== "") this.mostAtOnce = Math.max(this.mostAtOnce, open);
    try {
      await this.#gate?.promise;
      return await this.#meet(behaviour, seen.form, signal);
    } finally {
      this.#open.set(token, (this.#open.get(token) ?? 1) - 1);
    }
  }

  /** Ends what hangs. */
  close(): void {
    this.#gate?.resolve();
    this.#end.abort(new NetworkError("broken", true, "idp.example:443 closed the connection"));
  }

  async #meet(behaviour: Exclude<Behaviour, { kind: "not_sent" }>, form: URLSearchParams, signal: AbortSignal) {
    switch (behaviour.kind) {
      case "good":
        return this.#act(form, behaviour.fields, behaviour.omit);
      case "late": {
        const response = this.#act(form);
        await delay(this.#clock, behaviour.ms, signal);
        return response;
      }
      case "lost":
        if (behaviour.spends) this.#act(form);
        throw new NetworkError("broken", true, "idp.example:443 closed the connection");
      case "hang":
        if (behaviour.spends) this.#act(form);
        return await new Promise<Response>((_, reject) => {
          if (signal.aborted) reject(signal.reason);
          signal.addEventListener("abort", () => reject(signal.reason));
        });
      case "mangled":
        return await mangle(this.#act(form), behaviour.how);
      case "answer":
        return json(behaviour.status, behaviour.body ?? {}, behaviour.headers);
    }
  }

  #act(form: URLSearchParams, fields: Readonly<Record<string, unknown>> = {}, omit: readonly string[] = []): Response {
    if (form.get("grant_type") === "client_credentials") {
      return json(200, pick({ ...this.#answer({ revoked: false, live: "" }, false), ...fields }, omit));
    }
    const token = form.get("refresh_token") ?? "";
    const family = this.#families.get(token);
    if (family !== undefined && family.live !== token) {
      this.reuses.push(token);
      family.revoked = true;
    }
    if (family === undefined || family.revoked) {
      return json(400, { error: "invalid_grant", error_description: `canary: ${token} is over` });
    }
    const rotate = this.rotates && !omit.includes("refresh_token");
    const answer = pick({ ...this.#answer(family, rotate), ...fields }, omit);
    return json(200, answer, rotate ? {} : { [KEPT]: "1" });
  }

  #answer(family: Family, rotate: boolean) {
    const access_token = rotate ? this.#issue(family) : this.#issueAccess(family);
    return {
      access_token,
      token_type: "Bearer",
      expires_in: this.lifetime,
      ...(rotate ? { refresh_token: family.live } : {}),
    };
  }

  #issue(family: Family): string {
    family.live = `canary-refresh-${++this.#count}`;
    this.#families.set(family.live, family);
    return this.#issueAccess(family);
  }

  #issueAccess(family: Family): string {
    const token = `canary-access-${++this.#count}`;
    this.#access.set(token, family);
    return token;
  }
}

/** A JSON answer. */
export function json(status: number, body: unknown, headers: HeadersInit = {}): Response {
  return new Response(typeof body === "string" ? body : JSON.stringify(body), {
    status,
    headers: { "content-type": "application/json", ...Object.fromEntries(new Headers(headers)) },
  });
}

async function mangle(response: Response, how: "breaks" | "twice" | "garbage"): Promise<Response> {
  const text = await response.text();
  const { status, headers } = response;
  headers.set(MANGLED, how);
  if (how === "garbage") return new Response(`<html>canary ${text.slice(0, 20)}`, { status, headers });
  if (how === "twice") return new Response(text + text, { status, headers });
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(new TextEncoder().encode(text.slice(0, text.length / 2)));
    },
    pull(controller) {
      controller.error(new NetworkError("broken", true, `canary: ${text}`));
    },
  });
  return new Response(body, { status, headers });
}

function pick(fields: Record<string, unknown>, omit: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !omit.includes(name)));
}
