import { type Child, startChild } from "../child.ts";
import type { Place } from "./side.ts";

/** Starts one of the programs in `processes/`. */
export function startProcess(
  name: "upstream" | "bare" | "empty",
  place: Place,
  args: readonly string[] = [],
): Promise<Child> {
  const program = new URL(`../processes/${name}.ts`, import.meta.url).pathname;
  return startChild({
    name,
    command: [Deno.execPath(), "run", "--no-prompt", "--no-config", "--no-lock", "--allow-net", program, ...args],
    folder: place.folder,
    cores: place.cores,
  });
}
