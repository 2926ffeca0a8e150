import { GatehouseError } from "../errors/mod.ts";
import { Secret } from "../secrets/mod.ts";
import { isLoopbackHost } from "../settings/mod.ts";
import type { Asking } from "./asking.ts";
import type { Verifier } from "./verifiers.ts";
import { LOCAL_USER, NOBODY, type Who } from "./who.ts";

/** The rules of the door, from the settings. */
export interface DoorRules {
  /** `required`: never open, whatever the address. */
  readonly auth: "auto" | "required";
  /** The address that the server is bound to. */
  readonly bind: string;
  /** `host` or `host:port`, lower case. */
  readonly allowedHosts: readonly string[];
  /** Serialized origins. */
  readonly corsOrigins: readonly string[];
  /** Who may register a user; `local`: whoever passes the doors of open mode, so neither a page nor what a proxy forwards. */
  readonly registration: "open" | "local" | "closed";
}

/** Says who is asking. */
export interface Door {
  /** Whether the server is open: bound to loopback, with nobody told to demand a credential. */
  readonly open: boolean;
  /**
   * Says on whose behalf a request is made; at once wherever what was shown is known.
   *
   * @throws {GatehouseError} `host_not_allowed`, `origin_not_allowed`, `credential_required`, `invalid_api_key`,
   * `invalid_token`, `invalid_ticket`; `storage_unavailable` where the store must be asked and does not answer
   */
  admit(asking: Asking): Who | Promise<Who>;
  /**
   * Lets anybody in who passes the rules for hosts and origins: for routes that need no credential, and for CORS
   * preflights, which cannot carry one.
   *
   * @throws {GatehouseError} `host_not_allowed`, `origin_not_allowed`
   */
  admitAnyone(asking: Asking): Who;
  /** Like {@linkcode Door.admit}, but whoever may register needs no credential. */
  admitRegistrant(asking: Asking): Who | Promise<Who>;
  /** Like {@linkcode Door.admit}, and a scraper's own token passes too. */
  admitScraper(asking: Asking, token: Secret | null): Who | Promise<Who>;
}

/**
 * The door before every surface. In open mode any program of this machine may pass, and no web page may: a page can make
 * the browser send requests to loopback, by its own name (`Origin`) or by a name of its own that resolves to loopback
 * (DNS rebinding), so both are looked at. A request that a reverse proxy has forwarded can come from anywhere.
 *
 * @param verifiers asked in this order; what the first one knows is judged by it alone
 */
export function createDoor(rules: DoorRules, verifiers: readonly Verifier[]): Door {
  const open = isOpen(rules);

  function isOwnHost(host: string | null): boolean {
    if (host === null) return false;
    const lower = host.toLowerCase();
    const name = hostname(lower);
    if (name === "localhost" || name === "127.0.0.1" || name === "[::1]" || name === rules.bind) return true;
    return rules.allowedHosts.includes(lower) || rules.allowedHosts.includes(name ?? lower);
  }

  function checkOrigin({ origin, host, secFetchSite }: Asking): void {
    if (origin !== null && rules.corsOrigins.includes(origin)) return;
    // Browsers leave the default port out of `Origin`; `Host` may name it.
    if (origin !== null && origin !== `http://${host?.toLowerCase().replace(/:80$/, "")}`) {
      throw foreignOrigin(
        `a page of another origin (${printable(origin)}) made it; add the origin to CORS_ORIGINS if you trust it`,
      );
    }
    if (secFetchSite === "cross-site") throw foreignOrigin("a page of another site made it");
  }

  function checkPlace(asking: Asking): void {
    if (open) checkMachine(asking);
  }

  /** @throws {GatehouseError} for what another machine, or a page of another origin, may have made */
  function checkMachine(asking: Asking): void {
    if (!isOwnHost(asking.host) || !isOwnHost(asking.targetHost)) {
      const shown = isOwnHost(asking.host) ? asking.targetHost : asking.host;
      throw new GatehouseError(
        "host_not_allowed",
        `Cannot answer this request: its host ${
          printable(shown ?? "")
        } is not a loopback name; use 127.0.0.1 or localhost, or add it to ALLOWED_HOSTS`,
      );
    }
    checkOrigin(asking);
  }

  /** Who the request shows that it comes from; null: it shows nothing that is ours. */
  function shown(asking: Asking): Who | Promise<Who> | null {
    for (const verify of verifiers) {
      const who = verify(asking);
      if (who !== null) return who;
    }
    return null;
  }

  function admit(asking: Asking): Who | Promise<Who> {
    checkPlace(asking);
    const who = shown(asking);
    if (who !== null) return who;
    if (open && !asking.forwarded) return LOCAL_USER;
    if (open) throw demand("a reverse proxy forwarded it, so it needs a credential");
    if (asking.bearer === null && asking.apiKey === null) throw demand("this server needs a credential");
    throw new GatehouseError(
      "invalid_api_key",
      "Cannot answer this request: what it shows is no credential of this server; send Authorization: Bearer <API key>",
    );
  }

  return {
    open,
    admit,
    admitAnyone(asking) {
      checkPlace(asking);
      return NOBODY;
    },
    admitRegistrant(asking) {
      const forwarded = asking.forwarded && (open || rules.registration === "local");
      if (rules.registration === "closed" || forwarded) return admit(asking);
      if (open || rules.registration === "local") checkMachine(asking);
      // An administrator who shows who that is, is no stranger.
      return shown(asking) ?? NOBODY;
    },
    admitScraper(asking, token) {
      const shown = asking.bearer ?? asking.apiKey;
      if (token !== null && shown !== null && new Secret(shown).equals(token)) {
        return { ...NOBODY, userId: "metrics", via: "metrics_token" };
      }
      return admit(asking);
    },
  };
}

/** Whether a server with these rules is open to its machine. */
export function isOpen({ auth, bind }: Pick<DoorRules, "auth" | "bind">): boolean {
  return auth === "auto" && isLoopbackHost(bind);
}

function demand(reason: string): GatehouseError {
  return new GatehouseError(
    "credential_required",
    `Cannot answer this request: ${reason}; send Authorization: Bearer <API key>`,
  );
}

function foreignOrigin(reason: string): GatehouseError {
  return new GatehouseError("origin_not_allowed", `Cannot answer this request: ${reason}`);
}

/** `name` of `name[:port]`, null when it is neither a name, an IPv4 nor a bracketed IPv6 address. */
function hostname(host: string): string | null {
  return /^(\[[0-9a-f:.]+\]|[^:[\]/@\s]+)(?::\d{1,5})?$/.exec(host)?.[1] ?? null;
}

/** What an error repeats of a request is short and has no control characters. */
function printable(text: string): string {
  return JSON.stringify(text.slice(0, 100));
}
