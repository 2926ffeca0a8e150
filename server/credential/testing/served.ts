import { Secret } from "../../secrets/mod.ts";
import type { Machine, MachineOptions } from "./machine.ts";
import type { Rig } from "./rig.ts";

/** A process on a fresh seed that has its first token: 600 s, renewed after 525 s. */
export async function served(rig: Rig, options: MachineOptions = {}): Promise<Machine> {
  const machine = await seeded(rig, options);
  await machine.token();
  return machine;
}

/** A process on a fresh seed; its first redeem is under way. */
export async function seeded(rig: Rig, options: MachineOptions = {}): Promise<Machine> {
  const refreshToken = new Secret(rig.provider.grant().refreshToken);
  return await rig.start({ ...options, settings: { refreshToken, ...options.settings } });
}

/** The stored refresh token. */
export async function storedRefreshToken(rig: Rig): Promise<string> {
  return (await (await rig.stored()).load())?.record.refreshToken ?? "";
}

/** A login by another process: a new grant replaces what is stored. */
export async function loginElsewhere(rig: Rig): Promise<string> {
  const { refreshToken, accessToken } = rig.provider.grant();
  const now = rig.clock.now();
  await (await rig.stored()).replace({
    v: 1,
    refreshToken,
    accessToken,
    expiresAt: now + 600_000,
    obtainedAt: now,
    intent: null,
    reauth: null,
  });
  return accessToken;
}
