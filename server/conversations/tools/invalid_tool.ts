import { GatehouseError } from "../../errors/mod.ts";

/** A JSON object. */
export type Fields = Readonly<Record<string, unknown>>;

/** As much of a name or a path goes into an error, in characters. */
const SHOWN = 200;

/** @param param the path of what is wrong */
export function invalid(param: string, reason: string): GatehouseError {
  const shown = param.length > SHOWN ? `${param.slice(0, SHOWN)}…` : param;
  return new GatehouseError("invalid_field", `Cannot take these tools: in \`${shown}\` ${reason}`, { param: shown });
}

/** A name of the client's, as a part of a path. */
export function nameOf(name: string): string {
  return name.slice(0, SHOWN);
}

export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
