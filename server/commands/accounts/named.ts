import {
  type Accounts,
  type ApiKey,
  LOCAL_USER_ID,
  type Page,
  type PageOptions,
  type User,
} from "../../accounts/mod.ts";
import { GatehouseError } from "../../errors/mod.ts";

/** The user that a name stands for. @throws {GatehouseError} `not_found` */
export async function userNamed({ users }: Accounts, name: string): Promise<User> {
  const user = await users.find(name);
  if (user !== null) return user;
  throw new GatehouseError(
    "not_found",
    `There is no user ${JSON.stringify(name.slice(0, 64))}; \`deno task gatehouse user list\` shows all.`,
  );
}

/** The id of the user that a name stands for; `local` is whoever uses a server that is open to its machine. @throws {GatehouseError} `not_found` */
export async function userIdNamed(accounts: Accounts, name: string): Promise<string> {
  return name === LOCAL_USER_ID ? LOCAL_USER_ID : (await userNamed(accounts, name)).id;
}

/** The key with this id, or that begins like this in a list. @throws {GatehouseError} `not_found` */
export async function keyNamed({ keys }: Accounts, name: string): Promise<ApiKey> {
  const start = name.replace(/…$/, "");
  // What is longer is no id, and may be too long for the store.
  const byId = name.length > 64 ? null : await keys.get(name);
  const key = byId ?? (await allOf((page) => keys.list(null, page))).find((key) => key.start === start);
  if (key !== undefined) return key;
  throw new GatehouseError("not_found", "There is no such key; `deno task gatehouse key list` shows all.");
}

/** All pages of a list. */
export async function allOf<T>(page: (options: PageOptions) => Promise<Page<T>>): Promise<T[]> {
  const items: T[] = [];
  let cursor: string | null = null;
  do {
    const { items: more, nextCursor }: Page<T> = await page({ limit: 200, cursor });
    items.push(...more);
    cursor = nextCursor;
  } while (cursor !== null);
  return items;
}
