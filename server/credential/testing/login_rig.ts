import type { OAuthSettings } from "../../settings/mod.ts";
import { type LoginContext, openLogin } from "../mod.ts";
import type { Rig } from "./rig.ts";

/** What a login on the rig's store and provider stands on. */
export async function loginOf(rig: Rig, changes: Partial<OAuthSettings> = {}): Promise<LoginContext> {
  const { store, vault, clock, provider, watchdog } = rig;
  const settings = rig.settings(changes);
  return await openLogin({
    upstream: "main",
    settings,
    store,
    vault,
    http: provider,
    watchdog,
    clock,
  });
}
