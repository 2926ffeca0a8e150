import { monotonicUlid } from "@std/ulid";
import { assert } from "@std/assert";
import { openKeys, openTokens, type User, type Via, type Who } from "../../accounts/mod.ts";
import { PASSWORD, type UsersFixture, usersFixture } from "../../accounts/users/users_fixture.ts";
import type { RemoteLogins } from "../../credential/mod.ts";
import { quickVault } from "../../credential/testing/memory.ts";
import { GatehouseError } from "../../errors/mod.ts";
import { createRoutes, errorResponse, type Exchange } from "../../http/mod.ts";
import { Secret } from "../../secrets/mod.ts";
import { silentLogger } from "../../telemetry/mod.ts";
import { type AccountOptions, accountRoutes } from "./mod.ts";

/** When the install of a fixture was made. */
export const INSTALLED_AT = Date.UTC(2025, 5, 1);

/** Who asks, and what. */
export interface Asked {
  readonly as: Who;
  /** Sent as JSON. */
  readonly json?: unknown;
  /** Sent as a form. */
  readonly form?: Readonly<Record<string, string>> | readonly (readonly [string, string])[];
  /** Sent as it stands. */
  readonly body?: BodyInit;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The routes of accounts on real rooms, asked without a listener. */
export interface AccountsFixture extends AsyncDisposable {
  readonly rooms: Omit<UsersFixture, keyof AsyncDisposable> & Pick<AccountOptions, "keys" | "tokens">;
  readonly options: AccountOptions;
  readonly paths: ReturnType<typeof accountRoutes>["paths"];
  /** Asks `POST /users`, say. */
  ask(request: string, asked: Asked): Promise<Response>;
  /** Makes a user with the password {@linkcode PASSWORD}. */
  addUser(username: string, role?: "admin" | "user"): Promise<User>;
}

/** Remote logins that are never asked, or answer as the test says. */
export function noLogins(changes: Partial<RemoteLogins> = {}): RemoteLogins {
  return {
    start: () => Promise.reject(new GatehouseError("device_login_unsupported", "Cannot begin: the test says so")),
    state: () => Promise.resolve(null),
    cancel: () => Promise.resolve(false),
    close: () => Promise.resolve(),
    ...changes,
  };
}

export async function accountsFixture(changes: Partial<AccountOptions> = {}): Promise<AccountsFixture> {
  const base = await usersFixture({
    erasers: [(userId) => keys.revokeAllOf(userId), (userId) => tokens.revokeAllOf(userId)],
  });
  const { store, clock, users } = base;
  const newId = () => monotonicUlid(clock.now());
  const keys = openKeys({ store, clock, newId, log: silentLogger });
  const tokens = openTokens({
    store,
    vault: quickVault(),
    clock,
    newId,
    install: { id: newId(), createdAt: INSTALLED_AT },
    secret: new Secret("a secret of more than thirty-two bytes"),
    accessTokenExpire: 30 * 60_000,
    user: (id) => users.get(id),
    log: silentLogger,
  });
  const options: AccountOptions = {
    users,
    keys,
    tokens,
    logins: noLogins(),
    registration: "open",
    installedAt: INSTALLED_AT,
    maxBodyBytes: 1024 * 1024,
    ...changes,
  };
  const routes = accountRoutes(options);
  const router = createRoutes([routes]);
  return {
    rooms: { ...base, keys, tokens },
    options,
    paths: routes.paths,
    async ask(line, asked) {
      const request = requestOf(line, asked);
      try {
        return await router.fetch(request, exchangeOf(request, asked.as));
      } catch (error) {
        if (!(error instanceof GatehouseError)) throw error;
        return errorResponse(error);
      }
    },
    addUser: (username, role = "user") => users.create({ username, password: PASSWORD, role }),
    async [Symbol.asyncDispose]() {
      await keys.close();
      await base[Symbol.asyncDispose]();
    },
  };
}

/** Somebody who has shown it in this way. */
export function whoOf({ id, role }: Pick<User, "id" | "role">, via: Via = "token", keyId: string | null = null): Who {
  return { userId: id, role: via === "api_key" ? "user" : role, via, keyId, models: [], limited: [], ticketFor: null };
}

/** The status of an answer, and its code and field where it is an error. */
export async function told(response: Response): Promise<string> {
  const text = await response.text();
  assert(response.headers.get("cache-control") === "no-store", "a cache may keep it");
  if (response.status < 400) return String(response.status);
  const { error } = JSON.parse(text);
  if (typeof error === "string") return `${response.status} ${error}`;
  return `${response.status} ${error.code}${error.param === null ? "" : ` ${error.param}`}`;
}

function requestOf(line: string, { json, form, body, headers }: Asked): Request {
  const [method = "", path = ""] = line.split(" ");
  const sent = json !== undefined ? JSON.stringify(json) : form === undefined ? body : String(
    // Its type takes mutable pairs only.
    new URLSearchParams(form as Record<string, string> | string[][]),
  );
  const type = json !== undefined
    ? "application/json"
    : form === undefined
    ? null
    : "application/x-www-form-urlencoded";
  return new Request(`http://gate.example${path}`, {
    method,
    ...(sent === undefined ? {} : { body: sent }),
    headers: { ...(type === null ? {} : { "content-type": type }), ...headers },
  });
}

function exchangeOf(request: Request, who: Who): Exchange {
  return {
    id: "request",
    headers: [...request.headers],
    who,
    address: "192.0.2.7",
    signal: request.signal,
    log: silentLogger,
    startedAt: 0,
    route: null,
    told: false,
  };
}
