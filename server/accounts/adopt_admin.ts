import { GatehouseError } from "../errors/mod.ts";
import type { AccountSettings } from "../settings/mod.ts";
import type { Store } from "../storage/mod.ts";
import type { Logger } from "../telemetry/mod.ts";
import { nameKeyOf } from "./users/username.ts";
import type { Users } from "./users/users.ts";

/**
 * Makes the administrator that `ADMIN_USERNAME` and `ADMIN_PASSWORD` name, once ever for a name: when the administrator
 * is deleted later, or given another password, the settings that still stand there do nothing. A user who has taken the
 * name and is no administrator is left alone, and each start says so.
 *
 * @throws {GatehouseError} `invalid_field` for a name or password that no user may have; `storage_unavailable`
 */
export async function adoptAdmin({ settings, users, store, log }: {
  readonly settings: Pick<AccountSettings, "adminUsername" | "adminPassword">;
  readonly users: Pick<Users, "create" | "find">;
  readonly store: Store;
  readonly log: Logger;
}): Promise<void> {
  const { adminUsername: username, adminPassword: password } = settings;
  if (username === null || password === null) return;
  const key = ["admin_adopted", nameKeyOf(username) ?? username];
  if (await store.get(key) !== null) return;
  try {
    await users.create({ username, password, role: "admin" });
    log.info("the administrator of ADMIN_USERNAME was made", { username });
  } catch (error) {
    // Made before, by a start that died here or by another process; or somebody has the name already.
    if (!(error instanceof GatehouseError) || error.code !== "username_taken") throw error;
    if ((await users.find(username))?.role !== "admin") {
      return log.warn(
        "ADMIN_USERNAME names a user who is no administrator: nothing was changed; remove that user, or name another",
        { username },
      );
    }
    log.warn("ADMIN_USERNAME names an administrator that exists: nothing was changed", { username });
  }
  await store.commit({ puts: [{ key, value: true }] });
}
