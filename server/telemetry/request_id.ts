import { ulid } from "@std/ulid";

const SANE = /^[A-Za-z0-9._-]{1,128}$/;

/** The id of a request: the caller's `x-request-id` if it is 1 to 128 characters of `A-Z a-z 0-9 . _ -`, else a new ULID. */
export function requestId(incoming: string | null): string {
  return incoming !== null && SANE.test(incoming) ? incoming : ulid();
}
