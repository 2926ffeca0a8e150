import { monotonicUlid } from "@std/ulid";
import {
  type Accounts,
  adoptAdmin,
  createPasswordHasher,
  isOpen,
  LOCAL_USER_ID,
  openAccounts,
  openDoor,
  type PasswordHasher,
} from "./accounts/mod.ts";
import {
  createRemoteLogins,
  openCredential,
  openCredentialStore,
  openLogin,
  type RefreshStep,
} from "./credential/mod.ts";
import type { Demo } from "./demo/mod.ts";
import { type Clock, delay, systemClock } from "./effects/mod.ts";
import { GatehouseError } from "./errors/mod.ts";
import { eraserOf, openConversations } from "./conversations/mod.ts";
import { createDrain, createFront, createRoutes, createSockets } from "./http/mod.ts";
import { createInference } from "./inference/mod.ts";
import { createHttpClient, createWatchdog } from "./network/mod.ts";
import { isLoopbackHost, type ServerSettings, type Settings, type UpstreamSettings } from "./settings/mod.ts";
import { openLocks, openStore, openVault, type Store } from "./storage/mod.ts";
import { accountRoutes } from "./surfaces/accounts/mod.ts";
import { conversationRoutes } from "./surfaces/conversation/mod.ts";
import { gatewayRoutes } from "./surfaces/gateway/mod.ts";
import { realtimeRoutes } from "./surfaces/realtime/mod.ts";
import { ROUTES } from "./surfaces/route_names.ts";
import { openaiRoutes } from "./surfaces/openai/mod.ts";
import { opsRoutes } from "./surfaces/ops/mod.ts";
import { sessionRoutes } from "./surfaces/sessions/mod.ts";
import { createMetrics, type Logger } from "./telemetry/mod.ts";
import { createModels, createUpstream, type Models, type Upstream } from "./upstream/mod.ts";
import { openMetering } from "./usage/mod.ts";
import { VERSION } from "./version.ts";

/** What the server is built from; tests hand in their own effects. */
export interface AppOptions {
  /** What it is told. */
  readonly settings: Settings;
  /** Where it logs. */
  readonly log: Logger;
  /** Time, all of it. @default the machine's own time */
  readonly clock?: Clock;
  /** 0 to 1. @default {Math.random} */
  readonly random?: () => number;
  /** Called at every line of a credential refresh where a crash matters. */
  readonly failpoint?: (step: RefreshStep) => void | Promise<void>;
  /** Turns passwords into what is stored; closed at the stop. @default argon2id on this thread */
  readonly hasher?: PasswordHasher;
}

/** A running server. */
export interface App {
  /** Where it listens. */
  readonly url: URL;
  /** Whether the built-in demo is the upstream. */
  readonly demo: boolean;
  /** Resolves when it has stopped. */
  readonly finished: Promise<void>;
  /**
   * Takes no new work, lets open streams finish for up to `DRAIN_TIMEOUT`, ends the rest with an in-band event, and
   * closes everything.
   */
  stop(): Promise<void>;
}

/** The server cannot start with these settings; the message says why and what to do. */
export class StartError extends Error {
  /** The class's own name. */
  override readonly name = "StartError";
}

/**
 * Starts the server: settings → rooms → routes. Never waits for the network.
 *
 * @throws {StartError} for a bind off loopback without accounts, or an address in use
 * @throws {StorageStartError}, {UnsealError} when the store cannot be used
 */
export async function startApp(options: AppOptions): Promise<App> {
  const { settings, log, clock = systemClock, random = Math.random } = options;
  const { server } = settings;
  const bind = { auth: server.auth, bind: server.host };
  const startedAt = clock.monotonic();
  await using parts = new AsyncDisposableStack();

  const openingVault = openVault({ settings: settings.storage, log });
  openingVault.catch(() => {}); // it is awaited below; the store may fail first
  const store = await openStore({ settings: settings.storage, clock, log });
  parts.defer(() => store.close());
  const vault = await openingVault;
  const locks = await openLocks({ settings: settings.storage, store, clock, random, owner: crypto.randomUUID() });
  const http = createHttpClient({ settings: settings.network, clock, random, log });
  parts.defer(() => http.close());
  const watchdog = createWatchdog(clock);
  parts.defer(() => watchdog.close());
  const newId = () => monotonicUlid(clock.now());
  const accounts = await openAccounts({
    settings: settings.accounts,
    isRemote: settings.storage.kvUrl !== null,
    store,
    vault,
    clock,
    log,
    newId,
    hasher: options.hasher ?? createPasswordHasher({ worker: null, clock, log }),
    erasers: [eraserOf({ store, clock, random })],
  }).catch(asStartError);
  parts.defer(() => accounts.close());
  await demandAccounts(accounts, { settings, store, log }).catch(asStartError);

  // Loaded only where it runs: it is the slowest part of a start.
  const demo: Demo | null = settings.demo ? await (await import("./demo/mod.ts")).startDemo({ clock, log }) : null;
  if (demo !== null) parts.defer(() => demo.stop());
  const upstreamSettings = demo === null ? settings.upstreams : [demo.upstream];

  const openPaths = new Set(["/health/live", "/health/ready"]);
  const drain = createDrain(Math.max(1, Math.ceil(server.drainTimeout / 1000)));
  const uptime = () => (clock.monotonic() - startedAt) / 1000;
  const metrics = createMetrics({
    clock,
    version: VERSION,
    upstreams: upstreamSettings.map(({ name }) => name),
    routes: ROUTES,
  });
  const metering = openMetering({
    store,
    clock,
    random,
    log,
    shard: newId(),
    prices: settings.prices,
  });
  parts.defer(() => metering.close());
  const inference = createInference({ clock, watchdog, metrics, admissions: metering.admissions });

  const upstreams = new Map<string, { readonly upstream: Upstream; readonly models: Models }>();
  const openUpstream = async (upstreamSettings: UpstreamSettings): Promise<void> => {
    const { name, credential: kind } = upstreamSettings;
    if (demo !== null && kind.kind === "oauth2") {
      // The demo's provider ends with this process, and with it whatever this credential was good for.
      const place = await openCredentialStore({ store, vault, upstream: name, settings: kind });
      // Where the store fails it stays, of no use to anybody; the stop goes on.
      parts.defer(() =>
        place.erase().catch(() => log.warn("the demo's credential could not be taken out of the store"))
      );
    }
    const credential = await openCredential({
      upstream: upstreamSettings,
      store,
      vault,
      locks,
      http,
      watchdog,
      clock,
      random,
      newId,
      log,
      onRefresh: (result) => metrics.credentialRefreshed(name, result),
      ...(options.failpoint === undefined ? {} : { failpoint: options.failpoint }),
    });
    parts.defer(() => credential.close());
    const upstream = createUpstream({ settings: upstreamSettings, credential, http, watchdog });
    metrics.watchCredential(name, () => credential.health());
    metrics.watchQueue(name, () => upstream.slots.waiting);
    const models = createModels({ upstream, clock, watchdog, log });
    parts.defer(() => models.close());
    upstreams.set(name, { upstream, models });
  };
  for (const settings of upstreamSettings) await openUpstream(settings);

  // One upstream comes from the environment today; asked anew for every request, for more are coming.
  const resolve = (_model: string | null): { readonly upstream: Upstream; readonly models: Models } => {
    const [first] = upstreams.values();
    if (first === undefined) {
      throw new GatehouseError("internal_error", "Cannot answer this request: no upstream is configured");
    }
    return first;
  };

  const logins = createRemoteLogins({
    open: async () => {
      const { name, settings: { credential } } = resolve(null).upstream;
      if (credential.kind !== "oauth2") return null;
      return await openLogin({ upstream: name, settings: credential, store, vault, http, watchdog, clock });
    },
    mayStill: async (userId) => {
      if (userId === LOCAL_USER_ID) return isOpen(bind);
      const user = await accounts.users.get(userId);
      return user !== null && user.role === "admin" && !user.disabled;
    },
    store,
    clock,
    newId,
    log,
  });
  parts.defer(() => logins.close());

  const conversations = await openConversations({
    store,
    isRemote: settings.storage.kvUrl !== null,
    locks,
    resolve,
    inference,
    clock,
    random,
    newId,
    log,
  });
  parts.defer(() => conversations.close());
  const sockets = createSockets({ clock, log });
  metrics.watchSockets(() => sockets.open);

  const handler = createFront({
    routes: createRoutes([
      openaiRoutes({ resolve, inference, maxBodyBytes: server.maxBodyBytes }),
      gatewayRoutes({ resolve, inference, usage: metering.ledger, clock, maxBodyBytes: server.maxBodyBytes }),
      accountRoutes({
        ...accounts,
        logins,
        registration: server.registration === "closed" ? "closed" : "open",
        installedAt: accounts.install.createdAt,
        maxBodyBytes: server.maxBodyBytes,
      }),
      conversationRoutes({ conversations, clock, maxBodyBytes: server.maxBodyBytes }),
      sessionRoutes({ conversations, tickets: accounts.tickets, maxBodyBytes: server.maxBodyBytes }),
      realtimeRoutes({ conversations, sockets, tickets: accounts.tickets, open: isOpen(bind), clock }),
      opsRoutes({
        version: VERSION,
        demo: settings.demo,
        upstream: () => resolve(null).upstream,
        metrics,
        uptime,
        draining: () => drain.draining,
        storeAnswers: () => storeAnswers(store, clock),
      }),
    ]),
    door: openDoor(server, accounts),
    metricsToken: server.metricsToken,
    openPaths,
    freeRequests: new Set(["POST /token", "POST /revoke"]),
    registration: "POST /users",
    trustedProxies: server.trustedProxies,
    drainPaths: new Set([...openPaths, "/health", "/metrics"]),
    drain,
    corsOrigins: server.corsOrigins,
    answerHeaders: demo === null ? [] : [["x-gatehouse-demo", "1"]],
    clock,
    log,
    onAnswer: ({ id, method, path, route, told, status, ms }) => {
      metrics.requestFinished({
        surface: route?.surface ?? "ops",
        route: route?.pattern ?? "other",
        status,
        durationMs: ms,
      });
      const level = told ? "debug" : "info";
      if (log.enabled(level)) {
        log[level]("request", { request_id: id, method, path, status, ms: Math.round(ms * 10) / 10 });
      }
    },
  });

  const cut = new AbortController();
  const listener = listen(server, handler, cut.signal, log);
  const owned = parts.move();
  const url = new URL(`http://${server.host.includes(":") ? `[${server.host}]` : server.host}:${listener.addr.port}`);
  accounts.users.resumeRemovals().catch(() => log.warn("deletions that a stop cut off could not be ended yet"));
  log.info("listening", { url: url.origin, version: VERSION, demo: settings.demo });
  // The first request should not have to wait for the list; a list that fails says so in the log, and is asked for again.
  for (const { models } of upstreams.values()) models.list(new AbortController().signal).catch(() => {});

  let stopping: Promise<void> | null = null;
  return {
    url,
    demo: settings.demo,
    finished: listener.finished,
    stop: () => stopping ??= stop(),
  };

  async function stop(): Promise<void> {
    drain.start();
    sockets.drain();
    log.info("draining", { open: inference.open, sockets: sockets.open, timeout_ms: server.drainTimeout });
    const gone = new AbortController();
    Promise.all([inference.idle(), drain.idle(), sockets.idle()]).then(() => gone.abort());
    const waits = (ms: number) => delay(clock, ms, gone.signal).then(() => true, () => false);
    if (await waits(server.drainTimeout)) {
      inference.endAll(drain.refusal());
      await waits(FAREWELL);
    }
    if (gone.signal.aborted) {
      const shut = new AbortController();
      listener.shutdown().then(() => shut.abort());
      // Who has sent half of a head, and no more, is no request that could be waited for; it ends with the process.
      await delay(clock, FAREWELL, shut.signal).catch(() => {});
    } else {
      // These neither send their request to its end nor take their answer.
      log.warn("connections that do not end are cut");
      sockets.closeAll();
      cut.abort();
      await listener.finished;
    }
    await owned.disposeAsync();
    log.info("stopped");
  }
}

/** Adopts the administrator of the settings, and refuses to serve a network without any account. */
async function demandAccounts(
  { users }: Accounts,
  { settings: { server, accounts }, store, log }: Pick<AppOptions, "settings" | "log"> & { readonly store: Store },
): Promise<void> {
  await adoptAdmin({ settings: accounts, users, store, log });
  if (isOpen({ auth: server.auth, bind: server.host }) || await users.any()) return;
  if (isLoopbackHost(server.host)) {
    return log.warn(
      "AUTH=required, and there is no account: make one with `deno task gatehouse user add <name> --admin`",
    );
  }
  throw new StartError(
    `Cannot listen on HOST=${server.host}: there is no account, so nobody could log in. Make one with ` +
      "`deno task gatehouse user add <name> --admin`, or set ADMIN_USERNAME and ADMIN_PASSWORD; or bind to 127.0.0.1.",
  );
}

/** A store or an account that stops the start, as what the command line shows. */
function asStartError(error: unknown): never {
  throw error instanceof GatehouseError ? new StartError(error.message) : error;
}

/** Probes give up after a second: a store that takes longer is no ready one. */
async function storeAnswers(store: Store, clock: Clock): Promise<boolean> {
  const answered = new AbortController();
  const late = delay(clock, 1000, answered.signal).then(() => false, () => false);
  try {
    return await Promise.race([store.get(["health"]).then(() => true, () => false), late]);
  } finally {
    answered.abort();
  }
}

/** How long clients have to take the last of their answers once the drain is over, in milliseconds. */
const FAREWELL = 1_000;

/** @param cut closes every connection at once */
function listen(
  { host: hostname, port }: ServerSettings,
  handler: (request: Request, info: Deno.ServeHandlerInfo<Deno.NetAddr>) => Promise<Response>,
  cut: AbortSignal,
  log: Logger,
): Deno.HttpServer<Deno.NetAddr> {
  try {
    return Deno.serve({
      hostname,
      port,
      signal: cut,
      onListen: () => {},
      onError: (error) => {
        log.error("a fault outside any request", { error: error instanceof Error ? error : typeof error });
        return new Response(null, { status: 500 });
      },
    }, handler);
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) {
      throw new StartError(
        `Cannot listen on ${hostname}:${port}: another program uses this port; stop it, or set PORT`,
      );
    }
    if (error instanceof Deno.errors.PermissionDenied || error instanceof Deno.errors.AddrNotAvailable) {
      throw new StartError(
        `Cannot listen on ${hostname}:${port}: the system does not allow it; choose another HOST or PORT`,
      );
    }
    throw error;
  }
}
