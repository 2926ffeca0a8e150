import { assert, assertEquals, assertMatch } from "@std/assert";
import { type Clock, systemClock, type Timer } from "../../effects/mod.ts";
import { type Gate, type GateOptions, MockUpstream, startGate } from "../../testing/mod.ts";

/** The secret that signs tokens in these tests. */
export const JWT_SECRET = "s3cret-of-the-tests-that-is-long-enough-for-hs256";
/** The first administrator's password. */
export const ADMIN_PASSWORD = "correct horse battery admin";
/** The password of every other user. */
export const PASSWORD = "correct horse battery staple";
/** Prices per million tokens: a prompt token costs 2.5 micros, a completion token 10. */
const PRICES = { currency: "USD", models: { m1: { input: 2.5, output: 10, max_output: 4096 } } };

/** A JSON object as it came. */
export type Json = Record<string, unknown>;

/**
 * Time that flows like the machine's, from a noon so that no test meets a midnight by chance, and that a test may move
 * forward: what falls due by that fires at once.
 */
export class SkipClock implements Clock {
  readonly #noon = Date.UTC(2026, 5, 15, 12) - Date.now();
  #skipped = 0;
  readonly #armed = new Set<{ readonly at: number; readonly fn: () => void; handle: Timer }>();

  now(): number {
    return Date.now() + this.#noon + this.#skipped;
  }

  monotonic(): number {
    return performance.now() + this.#skipped;
  }

  setTimeout(fn: () => void, ms: number): Timer {
    const armed = { at: this.monotonic() + Math.max(0, ms), fn, handle: undefined };
    this.#armed.add(armed);
    this.#arm(armed);
    return armed;
  }

  clearTimeout(timer: Timer): void {
    for (const armed of this.#armed) {
      if (armed !== timer) continue;
      systemClock.clearTimeout(armed.handle);
      this.#armed.delete(armed);
    }
  }

  /** Moves both clocks forward by `ms`. */
  skip(ms: number): void {
    this.#skipped += ms;
    for (const armed of this.#armed) {
      systemClock.clearTimeout(armed.handle);
      this.#arm(armed);
    }
  }

  #arm(armed: { readonly at: number; readonly fn: () => void; handle: Timer }): void {
    const wait = Math.max(0, armed.at - this.monotonic());
    armed.handle = systemClock.setTimeout(() => {
      this.#armed.delete(armed);
      armed.fn();
    }, wait);
  }
}

/** One answer, read to its end. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The body where it is a JSON object, else an empty one. */
  readonly json: Json;
}

/** A server that demands credentials, and the upstream behind it. */
export class House implements AsyncDisposable {
  constructor(readonly gate: Gate, readonly upstream: MockUpstream, readonly clock: SkipClock, readonly dir: string) {}

  /** Sends a request; an object is sent as JSON, `URLSearchParams` as a form. */
  async call(
    method: string,
    path: string,
    credential: string | null,
    body?: unknown,
    more: HeadersInit = {},
  ): Promise<Answer> {
    const headers = new Headers(more);
    if (credential !== null) headers.set("authorization", `Bearer ${credential}`);
    const form = body instanceof URLSearchParams || typeof body === "string" || body instanceof Uint8Array;
    if (body !== undefined && !headers.has("content-type") && !(body instanceof URLSearchParams)) {
      headers.set("content-type", "application/json");
    }
    const init: RequestInit = { method, headers, redirect: "manual" };
    // a string, bytes or a form go as they stand
    if (body !== undefined) init.body = form ? body as BodyInit : JSON.stringify(body);
    return await read(await this.gate.fetch(path, init));
  }

  /** Logs in and gives the whole answer. */
  token(username: string, password = PASSWORD): Promise<Answer> {
    return this.call("POST", "/token", null, new URLSearchParams({ username, password }));
  }

  /** Logs in and gives the pair. */
  async login(username: string, password = PASSWORD): Promise<{ access: string; refresh: string }> {
    const answer = await this.token(username, password);
    assertEquals(answer.status, 200, answer.text);
    return { access: str(answer.json["access_token"]), refresh: str(answer.json["refresh_token"]) };
  }

  /** The administrator's access token. */
  async admin(): Promise<string> {
    return (await this.login("root", ADMIN_PASSWORD)).access;
  }

  /** Registers a user and logs in. */
  async user(username: string): Promise<{ id: string; access: string; refresh: string }> {
    const made = await this.call("POST", "/users", null, { username, password: PASSWORD });
    assertEquals(made.status, 201, made.text);
    return { id: str(made.json["user_id"]), ...(await this.login(username)) };
  }

  /** Makes a key. */
  async key(access: string, fields: Json = {}): Promise<{ id: string; key: string }> {
    const made = await this.call("POST", "/keys", access, { name: "a key", ...fields });
    assertEquals(made.status, 201, made.text);
    return { id: str(made.json["key_id"]), key: str(made.json["key"]) };
  }

  /** Changes a user as the administrator. */
  async limit(userId: string, fields: Json): Promise<void> {
    const changed = await this.call("PATCH", `/users/${userId}`, await this.admin(), fields);
    assertEquals(changed.status, 200, changed.text);
  }

  /** A short chat on `/v1`. */
  chat(credential: string, fields: Json = {}): Promise<Answer> {
    return this.call("POST", "/v1/chat/completions", credential, {
      model: "m1",
      messages: [{ role: "user", content: "hello" }],
      ...fields,
    });
  }

  /** The usage rows by their keys. */
  async usage(credential: string, query = ""): Promise<Json[]> {
    const answer = await this.call("GET", `/api/v1/llm/usage${query}`, credential);
    assertEquals(answer.status, 200, answer.text);
    return rows(answer);
  }

  /** Asks for usage until `ready` likes it, or three seconds have passed. */
  async eventually(credential: string, query: string, ready: (rows: Json[]) => boolean): Promise<Json[]> {
    for (let round = 0;; round++) {
      const found = await this.usage(credential, query);
      if (ready(found) || round === 30) return found;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.gate[Symbol.asyncDispose]();
    await this.upstream[Symbol.asyncDispose]();
    await Deno.remove(this.dir, { recursive: true });
  }
}

/** Starts a house with an administrator, open registration and prices. */
export async function startHouse(
  env: Record<string, string> = {},
  options: Omit<GateOptions, "env"> = {},
): Promise<House> {
  const upstream = new MockUpstream();
  const clock = new SkipClock();
  const dir = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${dir}/prices.json`, JSON.stringify(PRICES));
    const gate = await startGate(upstream, {
      clock,
      ...options,
      env: {
        AUTH: "required",
        REGISTRATION: "open",
        JWT_SECRET,
        ADMIN_USERNAME: "root",
        ADMIN_PASSWORD,
        PRICES_FILE: `${dir}/prices.json`,
        ...env,
      },
    });
    return new House(gate, upstream, clock, dir);
  } catch (error) {
    await upstream[Symbol.asyncDispose]();
    await Deno.remove(dir, { recursive: true });
    throw error;
  }
}

/** Reads an answer to its end. */
export async function read(response: Response): Promise<Answer> {
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, json: object(text) };
}

function object(text: string): Json {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value as Json : {}; // an object has string keys
  } catch {
    return {};
  }
}

/** The rows of a list, whose two fields are checked. */
export function rows(answer: Answer): Json[] {
  assertEquals(Object.keys(answer.json).sort(), ["data", "next_cursor"], answer.text);
  assert(Array.isArray(answer.json["data"]), answer.text);
  return answer.json["data"];
}

/** A value that must be text. */
export function str(value: unknown): string {
  assert(typeof value === "string", `${value} is no text`);
  return value;
}

/** Holds a value to be a time in ISO 8601, UTC. */
export function assertTime(value: unknown): void {
  assertMatch(str(value), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/);
}

/** Holds a value to be a ULID. */
export function assertUlid(value: unknown): void {
  assertMatch(str(value), /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/);
}

/** Holds an answer to a status and our code, with the one error body to the letter. */
export function assertError(answer: Answer, status: number, code: string, param: string | null = null): void {
  assertEquals([answer.status, codeOf(answer)], [status, code], answer.text);
  const error = answer.json["error"] as Json; // codeOf() has looked into it
  assertEquals(Object.keys(answer.json).sort(), ["detail", "error"], answer.text);
  assertEquals(Object.keys(error).sort(), ["code", "message", "param", "type"], answer.text);
  assertEquals([error["param"], answer.json["detail"]], [param, error["message"]], answer.text);
  assertMatch(answer.headers.get("x-request-id") ?? "", /^[A-Za-z0-9._-]{1,128}$/);
}

/** Our code in an error answer, or null. */
export function codeOf(answer: Answer): string | null {
  const error = answer.json["error"];
  if (typeof error !== "object" || error === null || !("code" in error)) return null;
  return typeof error.code === "string" ? error.code : null;
}
