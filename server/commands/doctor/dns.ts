import type { Examination } from "./effects.ts";
import { fail, type Finding, ok, warn } from "./finding.ts";
import { farSides, nameOf, proxiesOf } from "./hosts.ts";
import { limited, SILENCE } from "./time_limit.ts";

/** What the look-ups gave. */
export interface Names {
  readonly findings: readonly Finding[];
  /** Host names that nothing can be reached by. */
  readonly unknown: ReadonlySet<string>;
}

/** What a name is for: a far side, one that a proxy may resolve in our place, or the proxy itself. */
type Role = "direct" | "proxied" | "proxy";

/** Whether every name in the settings has an address. */
export async function checkDns(exam: Examination): Promise<Names> {
  const proxies = proxiesOf(exam.settings);
  const proxied = new Set(proxies.flatMap(({ schemes }) => schemes.map((scheme) => `${scheme}:`)));
  const roles = new Map<string, Role>();
  for (const { url } of proxies) roles.set(nameOf(url) ?? "", "proxy");
  for (const url of farSides(exam.settings)) {
    roles.set(nameOf(url) ?? "", proxied.has(url.protocol) ? "proxied" : "direct");
  }
  roles.delete("");
  if (roles.size === 0) {
    return { findings: [ok("DNS", "there are only addresses, nothing to look up")], unknown: new Set() };
  }
  const found = await Promise.all(
    [...roles].map(async ([name, role]) => ({ name, finding: await lookUp(exam, name, role) })),
  );
  return {
    findings: found.map(({ finding }) => finding),
    unknown: new Set(found.filter(({ finding }) => finding.verdict === "FAIL").map(({ name }) => name)),
  };
}

async function lookUp(exam: Examination, name: string, role: Role): Promise<Finding> {
  try {
    const addresses = await limited(exam, SILENCE, () => exam.effects.resolve(name));
    if (addresses.length > 0) return ok("DNS", `${name} is ${shorten(addresses)}`);
  } catch {
    // told below: the system's words add nothing
  }
  switch (role) {
    case "proxied":
      return warn("DNS", `${name} cannot be resolved here: the proxy has to know it`);
    case "proxy":
      return warn("DNS", `${name}, a proxy, cannot be resolved`, "Check the proxy's name and the VPN.");
    case "direct":
      return fail(
        "DNS",
        `${name} cannot be resolved`,
        "Check the name and the VPN; where only a proxy reaches it, set HTTP_PROXY_URL.",
      );
  }
}

function shorten(addresses: readonly string[]): string {
  const more = addresses.length > 2 ? ` and ${addresses.length - 2} more` : "";
  return addresses.slice(0, 2).join(", ") + more;
}
