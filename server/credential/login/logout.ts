import * as oauth from "oauth4webapi";
import { UnsealError } from "../../storage/mod.ts";
import type { Stored } from "../credential_store.ts";
import { clientAuthOf, clientOf, protocolOptions } from "../oauth_protocol.ts";
import { LOGIN_SILENCE, type LoginContext, serverOf } from "./login.ts";

/** What a logout did. */
export interface Logout {
  /** Whether there was a credential. */
  readonly found: boolean;
  /** `unsupported`: the provider has no revocation endpoint. */
  readonly revoked: "yes" | "no" | "unsupported";
}

/**
 * Revokes the refresh token at the provider, then forgets the credential. What cannot be revoked is forgotten all the
 * same, and the result says so. Adopted seeds stay remembered.
 *
 * @see RFC 7009
 */
export async function logout(context: LoginContext, signal: AbortSignal): Promise<Logout> {
  let stored: Stored | null;
  try {
    stored = await context.store.load();
  } catch (error) {
    if (!(error instanceof UnsealError)) throw error;
    // Its key is gone: the way out that the error names is to log out, and there is nothing left to revoke with.
    await context.store.forget();
    return { found: true, revoked: "no" };
  }
  if (stored === null) return { found: false, revoked: "no" };
  const token = stored.record.refreshToken ?? stored.record.accessToken;
  const revoked = token === null ? "no" : await revoke(context, token, signal);
  await context.store.forget();
  return { found: true, revoked };
}

async function revoke(context: LoginContext, token: string, signal: AbortSignal): Promise<Logout["revoked"]> {
  const { settings, http } = context;
  try {
    const server = await serverOf(context, signal);
    if (server.revocation_endpoint === undefined) return "unsupported";
    const response = await oauth.revocationRequest(
      server,
      clientOf(settings),
      clientAuthOf(settings),
      token,
      protocolOptions({ http, signal, silence: LOGIN_SILENCE, attempts: 2 }),
    );
    await response.body?.cancel();
    return response.ok ? "yes" : "no";
  } catch {
    if (signal.aborted) throw signal.reason;
    return "no";
  }
}
