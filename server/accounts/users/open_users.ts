import type { Clock } from "../../effects/mod.ts";
import { GatehouseError } from "../../errors/mod.ts";
import { Secret } from "../../secrets/mod.ts";
import type { Store } from "../../storage/mod.ts";
import type { Logger } from "../../telemetry/mod.ts";
import { createFresh, OUTLASTS } from "../fresh.ts";
import { demandFields } from "../keys/key_fields.ts";
import { NO_LIMITS } from "../limits.ts";
import type { PasswordHasher } from "../passwords/hasher.ts";
import { createAttempts } from "./attempts.ts";
import { demandEmail, demandPassword, isTooLong } from "./credentials.ts";
import { createRegistrations } from "./registrations.ts";
import { createRemovals, type Eraser } from "./removals.ts";
import { pageUsers } from "./user_pages.ts";
import { AT, changed, isUserRecord, type UserRecord } from "./user_record.ts";
import { nameKeyOf, usernameOf } from "./username.ts";
import type { User, Users } from "./users.ts";

/** What {@linkcode openUsers} is made of. */
export interface UsersOptions {
  /** Where the users lie. */
  readonly store: Store;
  /** Dates users, ages copies and failed logins. */
  readonly clock: Clock;
  /** Hashes the passwords. */
  readonly hasher: PasswordHasher;
  /** Makes ULIDs, each greater than the last. */
  readonly newId: () => string;
  /** Hears of removals that could not be finished. */
  readonly log: Logger;
  /** Each deletes one kind of what belongs to a user; called again after a crash. */
  readonly erasers: readonly Eraser[];
  /** For how long copies are served on while the store does not answer, in milliseconds. @default {30000} */
  readonly outlasts?: number;
}

/** A record with the version that a change of it checks. */
interface Found {
  readonly record: UserRecord;
  readonly version: string;
}

/** Nobody has this id or is found by this name: reading them takes as long as reading somebody. */
const NOBODY = "";

/** Opens the users of an install. */
export function openUsers({ store, clock, hasher, newId, log, erasers, outlasts = OUTLASTS }: UsersOptions): Users {
  const attempts = createAttempts(clock);
  const registrations = createRegistrations(clock);
  const removals = createRemovals({ store, erasers, log });
  const fresh = createFresh({ clock, load: get, outlasts });

  async function read(id: string): Promise<Found | null> {
    if (id.length > 64) return null; // no id of ours, and maybe too long for the store
    const entry = await store.get(AT.user(id));
    return entry !== null && isUserRecord(entry.value) ? { record: entry.value, version: entry.version } : null;
  }

  async function readByName(username: string): Promise<Found | null> {
    const id = (await store.get(AT.name(nameKeyOf(username) ?? NOBODY)))?.value;
    return await read(typeof id === "string" ? id : NOBODY);
  }

  async function get(id: string): Promise<User | null> {
    return (await read(id))?.record.user ?? null;
  }

  /** Writes what `next` makes of the record, again where somebody else was faster. */
  async function update(id: string, action: string, next: (record: UserRecord) => UserRecord): Promise<User> {
    try {
      for (;;) {
        const found = await read(id);
        if (found === null) throw notFound(action);
        const key = AT.user(id);
        const record = next(found.record);
        const checks = [{ key, version: found.version }];
        if (await store.commit({ checks, puts: [{ key, value: record }] }) !== null) return record.user;
      }
    } finally {
      fresh.drop(id); // after a failure too: the change may have happened
    }
  }

  /** Marks a user as leaving: from then on nobody finds them. @returns false if there was none */
  async function mark(id: string): Promise<boolean> {
    try {
      for (;;) {
        const found = await read(id);
        if (found === null) return false;
        const done = await store.commit({
          checks: [{ key: AT.user(id), version: found.version }],
          puts: [{ key: AT.leaving(id), value: { v: 1 } }],
          deletes: [AT.user(id), AT.name(nameKeyOf(found.record.user.username) ?? NOBODY)],
        });
        if (done !== null) return true;
      }
    } finally {
      fresh.drop(id);
    }
  }

  return {
    async any() {
      for await (const _ of store.list(AT.all, { limit: 1 })) return true;
      return false;
    },

    async create({ username: given, email = null, password, role = "user", address = null, ...may }) {
      if (address !== null) registrations.begin(address);
      const username = usernameOf(given);
      demandFields(may, "create the user");
      demandEmail(email);
      demandPassword(password, "create the user");
      const name = AT.name(nameKeyOf(username) ?? NOBODY);
      if (await store.get(name) !== null) throw taken(username); // before the hash is made
      const passwordHash = await hasher.hash(password);
      const id = newId();
      const made = { id, username, email, role, disabled: false, generation: 1, createdAt: clock.now() };
      const user = changed({ ...made, models: null, limits: NO_LIMITS }, may);
      const record: UserRecord = { v: 1, user, passwordHash };
      const done = await store.commit({
        checks: [{ key: name, version: null }, { key: AT.user(id), version: null }],
        puts: [{ key: name, value: id }, { key: AT.user(id), value: record }],
      });
      if (done === null) throw taken(username);
      return user;
    },

    get,
    find: async (username) => (await readByName(username))?.record.user ?? null,
    current: (id) => fresh.get(id),
    list: (options) => pageUsers(store, options),

    async change(id, change) {
      demandFields(change, "change the user");
      return await update(id, "change", (record) => ({ ...record, user: changed(record.user, change) }));
    },

    async setPassword(id, password, generation) {
      demandPassword(password, "set the password");
      if (await read(id) === null) throw notFound("set the password of");
      const passwordHash = await hasher.hash(password);
      return await update(id, "set the password of", ({ user }) => {
        if (generation !== undefined && user.generation !== generation) throw overtaken();
        return { v: 1, user: { ...user, generation: user.generation + 1 }, passwordHash };
      });
    },

    async authenticate({ username, password, address }) {
      const attempt = attempts.begin(nameKeyOf(username), address);
      let user: User | null = null;
      let judged = false;
      try {
        const found = await readByName(username);
        const right = isTooLong(password)
          ? await hasher.verify(new Secret(""), null)
          : await hasher.verify(password, found?.record.passwordHash ?? null);
        if (right && found !== null && !found.record.user.disabled) user = found.record.user;
        judged = true;
      } finally {
        if (judged && user === null) attempt.failed();
        else attempt.forgive();
      }
      if (user !== null) return user;
      const message = "Cannot log in: the username or the password is wrong, or the user is disabled. Check both.";
      throw new GatehouseError("invalid_credentials", message);
    },

    async remove(id) {
      // One that was marked before may have been cut off: to ask again is to go on.
      if (!await mark(id) && !(id.length <= 64 && await removals.isMarked(id))) throw notFound("delete");
      await removals.finish(id);
    },

    resumeRemovals: removals.resume,
  };
}

function taken(username: string): GatehouseError {
  const message = `Cannot create the user: there is one called ${username}. Choose another name.`;
  return new GatehouseError("username_taken", message, { param: "username" });
}

function notFound(action: string): GatehouseError {
  return new GatehouseError(
    "not_found",
    `Cannot ${action} the user: there is none with this id. Look it up in the list.`,
  );
}

function overtaken(): GatehouseError {
  return new GatehouseError(
    "invalid_credentials",
    "Cannot set the password: it was changed meanwhile, and the old one is good no more; log in by the new one",
  );
}
