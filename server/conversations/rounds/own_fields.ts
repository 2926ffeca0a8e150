import { GatehouseError } from "../../errors/mod.ts";

/** The fields of a chat request that a task writes itself. */
export const OWN_FIELDS: ReadonlySet<string> = new Set(["messages", "model", "stream", "stream_options", "tools"]);

/**
 * Demands that fields for the upstream leave alone what the task itself says there; in any case of letters, for some
 * upstreams take names so, `ſ` for `s` included.
 *
 * @throws {GatehouseError} `invalid_field` whose `param` is the first that does not
 */
export function demandFree(fields: Readonly<Record<string, unknown>>): void {
  const param = Object.keys(fields).find((name) => OWN_FIELDS.has(folded(name)));
  if (param === undefined) return;
  throw new GatehouseError(
    "invalid_field",
    `Cannot pass \`${param}\` on to the upstream: it is decided here; leave it out`,
    { param },
  );
}

/** As decoders that do not tell the cases of letters apart (Go's): there are letters whose small one is another's too. */
function folded(name: string): string {
  return name.toUpperCase().toLowerCase();
}
