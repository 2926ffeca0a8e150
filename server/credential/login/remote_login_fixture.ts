import type { OAuthSettings } from "../../settings/mod.ts";
import type { Store } from "../../storage/mod.ts";
import { type Behaviour, json } from "../testing/fake_provider.ts";
import { loginOf } from "../testing/login_rig.ts";
import { type Rig, type RigOptions, withRig } from "../testing/rig.ts";
import { createRemoteLogins, type LoginContext, type RemoteLogins } from "./mod.ts";

export const DEVICE = "https://idp.example/device";
export const OPTIONS: RigOptions = { settings: { deviceUrl: new URL(DEVICE) } };
export const PROMPT = {
  device_code: "canary-device-code",
  user_code: "ABCD-EFGH",
  verification_uri: "https://idp.example/activate",
  expires_in: 600,
};
/** Who begins the logins. */
export const ADMIN = "admin1";
export const HOUR = 60 * 60_000;
export const error = (code: string): Behaviour => ({ kind: "answer", status: 400, body: { error: code } });

export interface Process {
  readonly store?: Store;
  readonly settings?: Partial<OAuthSettings>;
  readonly open?: () => Promise<LoginContext | null>;
  readonly mayStill?: (userId: string) => Promise<boolean>;
}

/** A rig whose provider waits for the person, and the remote logins of processes that are closed with it. */
export async function withLogins(
  test: (rig: Rig, process: (options?: Process) => RemoteLogins) => Promise<void>,
  options = OPTIONS,
): Promise<void> {
  const opened: RemoteLogins[] = [];
  let count = 0;
  await withRig(async (rig) => {
    rig.provider.page(DEVICE, () => json(200, PROMPT));
    rig.provider.always(error("authorization_pending"));
    const process = ({ store = rig.store, settings, open, mayStill }: Process = {}) => {
      const logins = createRemoteLogins({
        open: open ?? (() => loginOf({ ...rig, store }, settings)),
        mayStill: mayStill ?? (() => Promise.resolve(true)),
        store,
        clock: rig.clock,
        newId: () => `login${++count}`,
        log: rig.log,
      });
      opened.push(logins);
      return logins;
    };
    try {
      await test(rig, process);
    } finally {
      for (const logins of opened) await logins.close();
    }
  }, options);
}

/** The person says yes: the next question is answered by these tokens. */
export function confirm(rig: Rig): string {
  const { accessToken, refreshToken } = rig.provider.grant();
  const body = { access_token: accessToken, refresh_token: refreshToken, token_type: "Bearer", expires_in: 3600 };
  rig.provider.next({ kind: "answer", status: 200, body });
  return accessToken;
}

export async function storedAccessToken(rig: Rig): Promise<string | null> {
  return (await (await rig.stored()).load())?.record.accessToken ?? null;
}
