import { hostPort } from "../../network/mod.ts";
import type { Settings } from "../../settings/mod.ts";
import { type Finding, ok } from "./finding.ts";
import { proxiesOf } from "./hosts.ts";

/** Which proxy variables were seen, and what the settings make of them. @param seen names in the environment */
export function checkEnvironment(seen: readonly string[], settings: Settings | null): readonly Finding[] {
  if (seen.length === 0) return [ok("environment", "holds no proxy variables")];
  const uses = settings === null
    ? []
    : proxiesOf(settings).map(({ url, schemes }) => `${schemes.join(" and ")} by ${hostPort(url)}`);
  const use = uses.length === 0 ? "no proxy comes of it" : uses.join(", ");
  return [ok("environment", `holds ${seen.join(", ")}: ${use}; this machine itself is never reached by a proxy`)];
}
