import { openCredentialStore, type Stored } from "../../credential/mod.ts";
import { Secret } from "../../secrets/mod.ts";
import type { OAuthSettings, UpstreamSettings } from "../../settings/mod.ts";
import { openVault, type Store } from "../../storage/mod.ts";
import { silentLogger } from "../../telemetry/mod.ts";
import type { Examination } from "./effects.ts";
import { fail, type Finding, ok, warn } from "./finding.ts";
import { LIMIT, limited } from "./time_limit.ts";

/** What is known of the upstream's credential, and the header that carries it, if one can be sent as it is. */
export interface CredentialState {
  readonly findings: readonly Finding[];
  /** Null: none is needed, or none is at hand without asking the provider. */
  readonly header: { readonly name: string; readonly value: Secret } | null;
}

const LOGIN = "Run `deno task gatehouse login`, or set a new OAUTH_REFRESH_TOKEN.";

/** Looks the credential up and redeems nothing. @throws {UnsealError}, {StorageStartError}, {GatehouseError} */
export async function checkCredential(
  exam: Examination,
  upstream: UpstreamSettings,
  store: Store,
): Promise<CredentialState> {
  const { credential } = upstream;
  switch (credential.kind) {
    case "none":
      return { findings: [ok("credential", "none is configured, so none is sent")], header: null };
    case "api_key": {
      const { header: name, key, variable } = credential;
      const value = name === "authorization" ? new Secret(`Bearer ${key.reveal()}`) : key;
      return { findings: [ok("credential", `the API key in ${variable}, sent as ${name}`)], header: { name, value } };
    }
    case "oauth2": {
      const stored = await limited(exam, LIMIT, async () => {
        const vault = await openVault({ settings: exam.settings.storage, log: silentLogger });
        const place = { store, vault, upstream: upstream.name, settings: credential };
        return await (await openCredentialStore(place)).load();
      });
      return judge(stored, credential, exam.effects.clock.now());
    }
  }
}

/** Pure. @param now milliseconds since the epoch */
function judge(stored: Stored | null, settings: OAuthSettings, now: number): CredentialState {
  if (stored === null) return { findings: [notStored(settings)], header: null };
  const { refreshToken, accessToken, expiresAt, intent, reauth } = stored.record;
  const renewable = refreshToken !== null || settings.grant === "client_credentials";
  const valid = accessToken !== null && (expiresAt === null || expiresAt > now);
  const header = valid ? { name: "authorization", value: new Secret(`Bearer ${accessToken}`) } : null;
  if (reauth !== null) {
    const since = new Date(reauth.since).toISOString();
    return { findings: [fail("credential", `needs a login since ${since}: ${reauth.reason}`, LOGIN)], header };
  }
  const findings = [validity(accessToken, expiresAt, valid, renewable)];
  if (intent !== null) {
    findings.push(
      warn(
        "credential",
        "a renewal is under way, or its answer was lost",
        "Look again when the server has run for a minute.",
      ),
    );
  }
  return { findings, header };
}

function notStored({ grant, refreshToken, accessToken }: OAuthSettings): Finding {
  if (grant === "client_credentials") return ok("credential", "none stored yet: it is fetched when the server starts");
  if (refreshToken !== null) {
    return ok("credential", "none stored yet: OAUTH_REFRESH_TOKEN is taken up when the server starts");
  }
  if (accessToken !== null) {
    return warn("credential", "there is only OAUTH_ACCESS_TOKEN, which cannot be renewed", LOGIN);
  }
  return fail("credential", "none is stored and none is set", LOGIN);
}

function validity(accessToken: string | null, expiresAt: number | null, valid: boolean, renewable: boolean): Finding {
  const end = expiresAt === null ? "until it is refused" : `until ${new Date(expiresAt).toISOString()}`;
  if (valid) {
    const found = `stored; the access token is valid ${end}`;
    return renewable ? ok("credential", found) : warn("credential", `${found}, and cannot be renewed`, LOGIN);
  }
  if (!renewable) return fail("credential", "the access token has ended and cannot be renewed", LOGIN);
  const why = accessToken === null ? "no access token yet" : "the access token has ended";
  return ok("credential", `stored; ${why}: the server renews it`);
}
