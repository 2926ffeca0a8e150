import { type Clock, delay } from "../../effects/mod.ts";
import { GatehouseError } from "../../errors/mod.ts";
import { NetworkError } from "../../network/mod.ts";
import { type Store, UnsealError } from "../../storage/mod.ts";
import type { Logger } from "../../telemetry/mod.ts";
import type { Along } from "../credential_store.ts";
import { type DeviceLogin, type DevicePrompt, startDeviceLogin } from "./device_login.ts";
import { type LoginContext, LoginError } from "./login.ts";
import { createLoginRecords, NotWantedError, type RemoteLoginState } from "./login_records.ts";

/** A device login that the server waits for on behalf of an administrator elsewhere. */
export interface RemoteLogin {
  /** ULID. */
  readonly id: string;
  /** What to show to the person. */
  readonly prompt: DevicePrompt;
}

/** Device logins that go on in the background. Every replica answers for them and cancels them. */
export interface RemoteLogins {
  /**
   * Begins a device login; once the person has confirmed it, the credential is stored and every running server takes it up.
   *
   * @param signal ends the beginning only
   * @param userId who begins it: the login is denied if that user may not any more when it is confirmed
   * @throws {GatehouseError} `device_login_unsupported`, `upstream_unreachable`, `upstream_failed`, `too_many_attempts`, `storage_unavailable`
   * @throws the signal's reason
   */
  start(signal: AbortSignal, userId: string): Promise<RemoteLogin>;
  /** Where a login stands; null: there is none, or it was cancelled or forgotten. @throws {GatehouseError} `storage_unavailable` */
  state(id: string): Promise<RemoteLoginState | null>;
  /** Ends a login and forgets it; from then on it stores nothing. @returns whether there was one @throws {GatehouseError} `storage_unavailable` */
  cancel(id: string): Promise<boolean>;
  /** Ends the logins of this process, which read as expired from then on. */
  close(): Promise<void>;
}

/** What remote logins stand on. */
export interface RemoteLoginOptions {
  /** Opens what a login stands on; null: the upstream's credential comes from no identity provider. */
  readonly open: () => Promise<LoginContext | null>;
  /** Whether a user may still give the server a credential: asked right before it is stored. What it throws ends the login. */
  readonly mayStill: (userId: string) => Promise<boolean>;
  /** Where it is kept how each login stands. */
  readonly store: Store;
  /** Tells when a login has expired. */
  readonly clock: Clock;
  /** Names a login: a ULID. */
  readonly newId: () => string;
  /** Told why a login failed. */
  readonly log: Logger;
}

/** More logins of one process do not wait at once. */
const MOST_PENDING = 10;
/** How soon a login notices that another process has cancelled it, in milliseconds. */
const WATCH = 2_000;

/** Device logins that this process waits for, kept so that every other can answer for them. @see RFC 8628 */
export function createRemoteLogins({ open, mayStill, store, clock, newId, log }: RemoteLoginOptions): RemoteLogins {
  const records = createLoginRecords({ store, clock });
  const live = new Map<string, { readonly stop: AbortController; readonly over: Promise<void> }>();
  const closed = new LoginError("expired", "The server stopped before the login was confirmed; begin again");

  async function begin(id: string, client: AbortSignal, stop: AbortSignal): Promise<DeviceLogin> {
    let login: DeviceLogin;
    try {
      const context = await open();
      demandProvider(context);
      login = await startDeviceLogin(context, AbortSignal.any([client, stop]));
    } catch (error) {
      throw client.aborted ? client.reason : refusalOf(error);
    }
    await records.begin(id, login.prompt.expiresIn * 1000);
    log.info("a login to the upstream has begun", { login_id: id });
    return login;
  }

  /** What ends a login in the store, together with its credential. @throws why nothing may be stored */
  async function ending(id: string, userId: string): Promise<Along> {
    if (!await mayStill(userId)) throw new LoginError("denied", "Who began the login may not do so any more");
    return await records.done(id);
  }

  async function run(id: string, userId: string, login: DeviceLogin, stop: AbortController): Promise<void> {
    const over = new AbortController();
    const watching = watch(id, stop, AbortSignal.any([over.signal, stop.signal]));
    try {
      await login.finish(stop.signal, () => ending(id, userId));
      log.info("logged in to the upstream: the credential is stored", { login_id: id });
    } catch (error) {
      await note(id, error);
    } finally {
      over.abort();
      await watching;
    }
  }

  /** Ends a login that another process has cancelled. */
  async function watch(id: string, stop: AbortController, signal: AbortSignal): Promise<void> {
    while (await delay(clock, WATCH, signal).then(() => true, () => false)) {
      // While the store does not answer, the login goes on: it stores nothing without asking it again.
      const state = await records.state(id).catch(() => "pending");
      if (state !== "pending") stop.abort(new NotWantedError("The login was cancelled"));
    }
  }

  async function note(id: string, error: unknown): Promise<void> {
    if (error instanceof NotWantedError) return log.info("a login to the upstream was cancelled", { login_id: id });
    const state = error instanceof LoginError && error.kind === "expired" ? "expired" : "denied";
    log.warn("a login to the upstream was not finished", { login_id: id, state, reason: reasonOf(error) });
    try {
      await records.fail(id, state);
    } catch (failure) {
      // It reads as expired when its time is over.
      log.warn("cannot note how a login to the upstream ended", { login_id: id, reason: reasonOf(failure) });
    }
  }

  return {
    async start(signal, userId) {
      if (live.size >= MOST_PENDING) {
        throw new GatehouseError(
          "too_many_attempts",
          `Cannot begin a login: ${MOST_PENDING} others wait to be confirmed; confirm or cancel one, or try again later`,
          { retryAfterSeconds: 60 },
        );
      }
      const id = newId();
      const stop = new AbortController();
      const beginning = begin(id, signal, stop.signal);
      const over = beginning.then((login) => run(id, userId, login, stop), () => {}).finally(() => live.delete(id));
      live.set(id, { stop, over });
      const { prompt } = await beginning;
      return { id, prompt };
    },
    state: (id) => records.state(id),
    async cancel(id) {
      if (!await records.remove(id)) return false;
      live.get(id)?.stop.abort(new NotWantedError("The login was cancelled"));
      return true;
    },
    async close() {
      for (const { stop } of live.values()) stop.abort(closed);
      await Promise.all([...live.values()].map(({ over }) => over));
    },
  };
}

function demandProvider(context: LoginContext | null): asserts context is LoginContext {
  const reason = context === null
    ? "the model is configured with an API key, or without a credential"
    : context.settings.grant === "client_credentials"
    ? "with OAUTH_GRANT=client_credentials the client's own credential is used"
    : null;
  if (reason === null) return;
  throw new GatehouseError("device_login_unsupported", `Cannot begin a login: ${reason}; nobody needs to log in`);
}

/** Why a login could not begin, as the client is told it. */
function refusalOf(error: unknown): GatehouseError {
  if (error instanceof GatehouseError) return error;
  if (error instanceof LoginError && error.kind === "unsupported") {
    return new GatehouseError("device_login_unsupported", error.message);
  }
  const unreachable = error instanceof NetworkError && error.kind === "unreachable";
  return new GatehouseError(
    unreachable ? "upstream_unreachable" : "upstream_failed",
    error instanceof LoginError ? error.message : `Cannot begin a login at the identity provider: ${reasonOf(error)}`,
  );
}

/** What may be shown of an error: the words of our own errors, and of any other no more than its name. */
function reasonOf(error: unknown): string {
  const isOurs = error instanceof LoginError || error instanceof GatehouseError || error instanceof UnsealError ||
    error instanceof NetworkError;
  if (isOurs) return error.message;
  return error instanceof Error ? error.name : "unknown";
}
