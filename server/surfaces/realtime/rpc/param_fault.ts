import { GatehouseError } from "../../../errors/mod.ts";

/** A wrong parameter, for the client. @param what a clause: what is wrong, what to do */
export function paramFault(method: string, param: string, what: string): GatehouseError {
  const name = param.slice(0, 100);
  return new GatehouseError("invalid_field", `Cannot ${method}: \`${name}\` ${what}`, { param: name });
}

/** Refuses what is not a parameter of a method. */
export function demandKnown(
  method: string,
  params: Readonly<Record<string, unknown>>,
  known: readonly string[],
  prefix = "",
): void {
  const other = Object.keys(params).find((name) => !known.includes(name));
  if (other !== undefined) throw paramFault(method, prefix + other, `is unknown; send ${known.join(", ")}`);
}
