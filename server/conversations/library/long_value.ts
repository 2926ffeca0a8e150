import type { Change, Store } from "../../storage/mod.ts";
import { AT } from "./keys.ts";
import { fieldsOf, isCount } from "./stored_fields.ts";

/** Where the bytes of a value are: in its record, or beside it in parts. */
export type Body =
  | { readonly bytes: Uint8Array<ArrayBuffer> }
  | Parts;

/** A value in parts. */
export interface Parts {
  /** Of all of them, in bytes. */
  readonly length: number;
  /** How many there are. */
  readonly parts: number;
  /** Under which they lie: no two writings have the same. */
  readonly token: string;
}

/** A value on its way into the store. */
export interface LongValue {
  /** Names it within its session. */
  readonly id: string;
  /** What it is. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Never in the record itself. @default false */
  readonly apart?: boolean;
}

type Puts = NonNullable<Change["puts"]>;

/** How values are stored so that neither a record nor a commit is over the limits of Deno KV. */
export interface Layout {
  /** Unlike that of any other writing. */
  readonly token: string;
  /** What the records hold, in the order of the values. */
  readonly bodies: readonly Body[];
  /** Parts that go into the commit of the records. */
  readonly beside: Puts;
  /** Parts that have to be written before it. */
  readonly before: Puts;
  /** The values whose parts those are. */
  readonly long: readonly string[];
}

/** The longest value that lies in its own record, in bytes. A value of Deno KV holds 64 KiB. */
export const INLINE = 48 * 1024;
/** The longest part, in bytes. */
export const PART = 60 * 1024;
/** How many bytes a commit takes; its limit is 800 KiB, and records and keys come on top. */
export const BUDGET = 600 * 1024;

/** Lays out the values of one commit. @param token unlike that of any other writing */
export function layOut(sessionId: string, token: string, values: readonly LongValue[]): Layout {
  const bodies: Body[] = [];
  const beside: Puts[number][] = [];
  const before: Puts[number][] = [];
  const long: string[] = [];
  let left = BUDGET;
  for (const { id, bytes, apart = false } of values) {
    const fits = bytes.length <= left;
    if (fits) left -= bytes.length;
    if (fits && !apart && bytes.length <= INLINE) {
      bodies.push({ bytes });
      continue;
    }
    const puts = cut(bytes).map((value, index) => ({ key: AT.part(sessionId, id, token, index), value }));
    bodies.push({ length: bytes.length, parts: puts.length, token });
    (fits ? beside : before).push(...puts);
    if (!fits) long.push(id);
  }
  return { token, bodies, beside, before, long };
}

function cut(bytes: Uint8Array<ArrayBuffer>): Uint8Array[] {
  const parts: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += PART) parts.push(bytes.subarray(at, at + PART));
  return parts;
}

/** The body that a record holds; null: none that this version knows. */
export function bodyOf(value: unknown): Body | null {
  const fields = fieldsOf(value);
  if (fields === null) return null;
  const { bytes } = fields;
  // What the store gives was never shared between threads.
  if (bytes instanceof Uint8Array) return { bytes: bytes as Uint8Array<ArrayBuffer> };
  return partsOf(value);
}

/** The parts that a record names; null: none. */
export function partsOf(value: unknown): Parts | null {
  const { length, parts, token } = fieldsOf(value) ?? {};
  return isCount(length) && isCount(parts) && typeof token === "string" ? { length, parts, token } : null;
}

/** How many bytes a body stands for. */
export function lengthOf(body: Body): number {
  return "bytes" in body ? body.bytes.length : body.length;
}

/** The bytes of a value; null: its parts are not all there, as when it is being erased. */
export async function readBody(
  store: Store,
  sessionId: string,
  { id, body }: { readonly id: string; readonly body: Body },
): Promise<Uint8Array | null> {
  if ("bytes" in body) return body.bytes;
  const whole = new Uint8Array(body.length);
  let at = 0;
  for await (const { value } of store.list(AT.partsOf(sessionId, id, body.token), { limit: body.parts })) {
    if (!(value instanceof Uint8Array) || at + value.length > whole.length) return null;
    whole.set(value, at);
    at += value.length;
  }
  return at === whole.length ? whole : null;
}
