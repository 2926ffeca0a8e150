import { logout as forget } from "../credential/mod.ts";
import type { Console } from "./console.ts";
import { withLogin } from "./login_rooms.ts";

/** `gatehouse logout`: revokes the credential at the provider, then forgets it. @returns the exit code */
export async function logout(console: Console): Promise<number> {
  return await withLogin(console, async (context) => {
    const { found, revoked } = await forget(context, new AbortController().signal);
    if (!found) {
      console.say("There is no stored credential: nothing to do.");
      return 0;
    }
    switch (revoked) {
      case "yes":
        console.say("Logged out: the credential is revoked at the provider and forgotten here.");
        return 0;
      case "unsupported":
        console.say(
          "The credential is forgotten here. The provider names no revocation endpoint (OAUTH_REVOKE_URL): end the session there if you need to.",
        );
        return 0;
      case "no":
        console.complain(
          "The credential is forgotten here, but the provider did not confirm that it is revoked: end the session there.",
        );
        return 1;
    }
  });
}
