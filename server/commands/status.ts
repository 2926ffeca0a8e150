import type { Stored } from "../credential/mod.ts";
import { Secret } from "../secrets/mod.ts";
import type { Console } from "./console.ts";
import { withLogin } from "./login_rooms.ts";

/** `gatehouse status`: the stored credential, without its values. @returns the exit code; 1 when a login is needed */
export async function status(console: Console): Promise<number> {
  return await withLogin(console, async (context, upstream) => {
    const stored = await context.store.load();
    const { tokenUrl, issuer, clientId } = upstream.settings;
    console.say(`Upstream        ${upstream.name}`);
    console.say(`Provider        ${(tokenUrl ?? issuer)?.host ?? ""}`);
    console.say(`Client id       ${clientId}`);
    for (const line of describe(stored)) console.say(line);
    return stored === null || stored.record.reauth !== null ? 1 : 0;
  });
}

function describe(stored: Stored | null): string[] {
  if (stored === null) {
    return ["Credential      none stored: run `deno task gatehouse login`, or set OAUTH_REFRESH_TOKEN"];
  }
  const { refreshToken, accessToken, expiresAt, obtainedAt, intent, reauth } = stored.record;
  const lines = [
    `Refresh token   ${refreshToken === null ? "none" : `stored (${new Secret(refreshToken).fingerprint})`}`,
    `Access token    ${
      accessToken === null ? "none yet" : `${expiry(expiresAt)} (${new Secret(accessToken).fingerprint})`
    }`,
    `Last change     ${new Date(obtainedAt).toISOString()}`,
  ];
  if (intent !== null) lines.push("Renewal         under way, or its answer was lost");
  if (reauth === null) return [...lines, "State           good"];
  return [
    ...lines,
    `State           needs a login since ${
      new Date(reauth.since).toISOString()
    }: ${reauth.reason}; run \`deno task gatehouse login\``,
  ];
}

function expiry(expiresAt: number | null): string {
  if (expiresAt === null) return "valid until it is refused";
  const at = new Date(expiresAt).toISOString();
  return expiresAt > Date.now() ? `valid until ${at}` : `ended at ${at}`;
}
