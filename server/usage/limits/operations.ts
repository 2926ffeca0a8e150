import type { LimitedSubject } from "../../accounts/mod.ts";
import type { GatehouseError } from "../../errors/mod.ts";
import type { Used } from "../limiter.ts";
import type { Ask } from "./admit.ts";
import type { Hold } from "./shares.ts";

/** A call that waits for room. */
export interface Reserve {
  readonly type: "reserve";
  readonly subjects: readonly LimitedSubject[];
  readonly ask: Ask;
  readonly running: () => Used;
  /** True once its caller has an answer, or left. */
  answered: boolean;
  grant(grant: Grant): void;
  refuse(error: unknown): void;
}

/** A call that has ended. */
export interface Settle {
  readonly type: "settle";
  readonly holds: readonly Hold[];
  /** Null: it was never made, its request does not count either. */
  readonly used: Used | null;
}

/** What waits for the next commit. */
export type Operation = Reserve | Settle;

/** Room that was made. */
export interface Grant {
  readonly operation: Reserve;
  readonly holds: readonly Hold[];
  readonly headers: Readonly<Record<string, string>>;
}

/** Room that was not. */
export interface Refused {
  readonly operation: Reserve;
  readonly error: GatehouseError;
}

/** A subject's name within this process. */
export function subjectName(kind: "user" | "key", id: string): string {
  return `${kind}/${id}`;
}

/** The names of the subjects that an operation touches. */
export function subjectsOf(operation: Operation): readonly string[] {
  return operation.type === "reserve"
    ? operation.subjects.map(({ kind, id }) => subjectName(kind, id))
    : operation.holds.map(({ subject }) => subject);
}
