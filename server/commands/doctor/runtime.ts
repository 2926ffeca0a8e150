import { runtimeWarning } from "../runtime.ts";
import { type Finding, ok, warn } from "./finding.ts";

/** Whether this Deno is one that Gatehouse works on. @param version `Deno.version.deno` */
export function checkRuntime(version: string): readonly Finding[] {
  const warning = runtimeWarning(version);
  return [warning === null ? ok("Deno", version) : warn("Deno", warning)];
}
