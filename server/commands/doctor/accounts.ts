import { createPasswordHasher, isOpen, openUsers, type Users } from "../../accounts/mod.ts";
import type { Settings } from "../../settings/mod.ts";
import type { Store } from "../../storage/mod.ts";
import { silentLogger } from "../../telemetry/mod.ts";
import type { Examination } from "./effects.ts";
import { fail, type Finding, ok, warn } from "./finding.ts";
import { LIMIT, limited } from "./time_limit.ts";

/** Whether somebody can pass who should, and nobody who should not. @throws {GatehouseError} `storage_unavailable` */
export async function checkAccounts(exam: Examination, store: Store): Promise<readonly Finding[]> {
  const { settings, effects: { clock } } = exam;
  const hasher = createPasswordHasher({ worker: null, clock });
  const users = openUsers({ store, clock, hasher, newId: () => "", log: silentLogger, erasers: [] });
  try {
    return await limited(exam, LIMIT, () => judge(settings, users));
  } finally {
    hasher.close();
  }
}

async function judge({ server, accounts }: Settings, users: Users): Promise<readonly Finding[]> {
  const { adminUsername } = accounts;
  const open = isOpen({ auth: server.auth, bind: server.host });
  const any = await users.any();
  const adopted = adminUsername !== null && (await users.find(adminUsername))?.role === "admin";
  return [
    who(server, { open, any, adminUsername }),
    ...(adopted
      ? [warn(
        "accounts",
        `ADMIN_PASSWORD is still set, and does nothing: ${adminUsername} has an account`,
        "Take ADMIN_USERNAME and ADMIN_PASSWORD out of the settings; `deno task gatehouse user passwd` sets a new password.",
      )]
      : []),
    ...(!open && server.registration !== "closed"
      ? [warn(
        "accounts",
        "every request needs a credential, and others than administrators can make accounts (POST /users)",
        "Set REGISTRATION=closed, unless that is what you want.",
      )]
      : []),
  ];
}

function who(
  { host, auth }: Settings["server"],
  { open, any, adminUsername }: {
    readonly open: boolean;
    readonly any: boolean;
    readonly adminUsername: string | null;
  },
): Finding {
  if (open) return ok("accounts", "open to programs of this machine, so none is needed");
  const why = auth === "required" ? "AUTH=required" : `HOST=${host}`;
  if (any) return ok("accounts", `every request needs a credential (${why})`);
  if (adminUsername !== null) return ok("accounts", `the start makes the first: ${adminUsername} (ADMIN_USERNAME)`);
  return fail(
    "accounts",
    `${why} demands a credential, and there is no account, so nobody could pass`,
    "Run `deno task gatehouse user add <name> --admin`, or set ADMIN_USERNAME and ADMIN_PASSWORD.",
  );
}
