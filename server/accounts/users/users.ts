import type { Secret } from "../../secrets/mod.ts";
import type { Budget, Limits } from "../limits.ts";
import type { Page, PageOptions } from "../page.ts";

/** Somebody with an account. */
export interface User {
  /** ULID. */
  readonly id: string;
  /** As it was given; no two differ in case alone. */
  readonly username: string;
  /** Null: none was given. */
  readonly email: string | null;
  /** What the user may do. */
  readonly role: "admin" | "user";
  /** A disabled user is refused everywhere. */
  readonly disabled: boolean;
  /** The models the user may use; null: all. */
  readonly models: readonly string[] | null;
  /** Bind everything the user does. */
  readonly limits: Limits;
  /** Counts up with each change of the password and each time the user is disabled; tokens of an older generation are refused. */
  readonly generation: number;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
}

/** A user to be made. */
export interface NewUser {
  /** 1 to 64 letters, digits and `._-@+`, beginning and ending with a letter, a digit or `_`. */
  readonly username: string;
  /** At most 254 characters. @default {null} */
  readonly email?: string | null;
  /** 8 to 256 characters. */
  readonly password: Secret;
  /** What the user may do. @default {"user"} */
  readonly role?: "admin" | "user";
  /** The models the user may use, at most 100 of 1 to 200 characters each; null: all. @default {null} */
  readonly models?: readonly string[] | null;
  /** Requests in any 60 seconds, from 1 on; null: no limit. @default {null} */
  readonly rpm?: number | null;
  /** Tokens in any 60 seconds, from 1 on; null: no limit. @default {null} */
  readonly tpm?: number | null;
  /** What may be spent, in whole micro-units from 0 on; null: no limit. @default {null} */
  readonly budget?: Budget | null;
  /** The IP address of whoever registers, and is limited by it; null: an administrator or a command makes the user. @default {null} */
  readonly address?: string | null;
}

/** What is to change; what is absent stays. */
export interface UserChange {
  /** What the user may do. */
  readonly role?: "admin" | "user";
  /** Whether the user is refused everywhere; to disable a user ends all logins. */
  readonly disabled?: boolean;
  /** The models the user may use; null: all. */
  readonly models?: readonly string[] | null;
  /** Requests in any 60 seconds; null: no limit. */
  readonly rpm?: number | null;
  /** Tokens in any 60 seconds; null: no limit. */
  readonly tpm?: number | null;
  /** What may be spent; null: no limit. */
  readonly budget?: Budget | null;
}

/** A login that is tried. */
export interface LoginAttempt {
  /** In any case of letters. */
  readonly username: string;
  /** As it was typed. */
  readonly password: Secret;
  /** The client's IP address; null: not known (a command on the server's own machine). */
  readonly address: string | null;
}

/** The users of one install. Every method may throw `storage_unavailable`. */
export interface Users {
  /** Whether there is any user. */
  any(): Promise<boolean>;
  /**
   * Makes a user.
   *
   * @throws {GatehouseError} `username_taken`; `invalid_field` with the `param` `username`, `email`, `password`, `models`,
   * `rpm`, `tpm` or `budget`; `too_many_attempts` for too many registrations from one network, or at once
   */
  create(user: NewUser): Promise<User>;
  /** Reads a user; null: there is none. */
  get(id: string): Promise<User | null>;
  /** The user of that name, in any case of letters; null: there is none. */
  find(username: string): Promise<User | null>;
  /** A copy that is less than a second old: for the door, on every request. */
  current(id: string): User | null | Promise<User | null>;
  /** All users, oldest first. @throws {GatehouseError} `invalid_field` (`cursor`) */
  list(options: PageOptions): Promise<Page<User>>;
  /** Changes a user. @throws {GatehouseError} `not_found`; `invalid_field` with the `param` `models`, `rpm`, `tpm` or `budget` */
  change(id: string, change: UserChange): Promise<User>;
  /**
   * Sets a password and thereby revokes all tokens of the user.
   *
   * @param generation the one that the old password was shown for: where another change came first it is no good any
   * more; absent: whoever asks needs no old one
   * @throws {GatehouseError} `not_found`, `invalid_field` (`password`), `invalid_credentials`
   */
  setPassword(id: string, password: Secret, generation?: number): Promise<User>;
  /**
   * Says whose name and password these are. An unknown name and a wrong password get the same answer after the same
   * time; disabled users too.
   *
   * @throws {GatehouseError} `invalid_credentials`, `too_many_attempts`
   */
  authenticate(attempt: LoginAttempt): Promise<User>;
  /** Deletes a user with all that is the user's; a crash in between is made good by {@linkcode Users.resumeRemovals}. @throws {GatehouseError} `not_found` */
  remove(id: string): Promise<void>;
  /** Ends deletions that a crash has cut off. One that fails again is logged, and stays for the next time. */
  resumeRemovals(): Promise<void>;
}
