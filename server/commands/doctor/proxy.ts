import { hostPort } from "../../network/mod.ts";
import type { Examination } from "./effects.ts";
import { type Finding, ok, warn } from "./finding.ts";
import { proxiesOf, type ProxyUse } from "./hosts.ts";
import { limited, SILENCE, TimeLimitError } from "./time_limit.ts";

/** Whether the proxies take connections. A dead one is no failure of its own: the direct way is tried after it. */
export async function checkProxies(exam: Examination): Promise<readonly Finding[]> {
  const proxies = proxiesOf(exam.settings);
  if (proxies.length === 0) return [ok("proxy", "none is set: everything goes out directly")];
  return await Promise.all(proxies.map((proxy) => knock(exam, proxy)));
}

async function knock(exam: Examination, { url, schemes }: ProxyUse): Promise<Finding> {
  const where = hostPort(url);
  const target = {
    hostname: url.hostname.replace(/^\[|\]$/g, ""),
    port: Number(where.slice(where.lastIndexOf(":") + 1)),
  };
  try {
    await limited(
      exam,
      exam.settings.network.connectionTimeout || SILENCE,
      (signal) => exam.effects.connect(target, signal),
    );
    return ok("proxy", `${where} takes connections (for ${schemes.join(" and ")})`);
  } catch (error) {
    return warn(
      "proxy",
      `${where} ${why(error)}`,
      "Mend or remove HTTP_PROXY_URL (or HTTPS_PROXY, HTTP_PROXY, ALL_PROXY): each new connection tries it first.",
    );
  }
}

function why(error: unknown): string {
  if (error instanceof Deno.errors.ConnectionRefused) return "refuses connections";
  if (error instanceof TimeLimitError) return "does not answer";
  return "cannot be reached";
}
