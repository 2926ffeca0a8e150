import { GatehouseError } from "../errors/mod.ts";
import type { Call } from "./exchange.ts";

/** Ids are ULIDs; `local` is open mode's user. Whatever else a path holds names nothing and never gets to the store. */
export function isId(text: string): boolean {
  return /^[0-9A-Za-z]{1,26}$/.test(text);
}

/** The id in the path. @param what it names @throws {GatehouseError} `not_found` */
export function idOf({ req }: Call, what: string): string {
  const id = req.param("id") ?? "";
  if (isId(id)) return id;
  throw unknown(what);
}

/** Told alike for what does not exist and for what is somebody else's. */
export function unknown(what: string): GatehouseError {
  return new GatehouseError("not_found", `Cannot find this ${what}: there is none of this id; check it`);
}
