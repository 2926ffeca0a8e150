import { inCidr, parseIp } from "./ip.ts";
import { bareHost, portOf } from "./safe_url.ts";

/**
 * Whether `NO_PROXY` keeps `url` from the proxy. As curl and Go read it: `*` is every host; `example.com`,
 * `.example.com` and `*.example.com` are that host and all below it; an IP address or CIDR block is compared with hosts
 * that are written as addresses (names are not resolved); `:port` behind an entry limits it to that port.
 */
export function matchesNoProxy(entries: readonly string[], url: URL): boolean {
  const host = bareHost(url).toLowerCase().replace(/\.$/, "");
  const ip = parseIp(host);
  return entries.some((raw) => {
    const entry = raw.trim().toLowerCase();
    if (entry === "*") return true;
    if (ip !== null && inCidr(ip, entry)) return true;
    const { name, port } = split(entry);
    if (name === "" || (port !== null && port !== portOf(url))) return false;
    if (name === "*") return true;
    if (ip !== null) return parseIp(name)?.join() === ip.join();
    return host === name || host.endsWith(`.${name}`);
  });
}

/** `host:port`, `[v6]:port`, bare `v6`, or `host`; leading `*.` and `.` fall away. */
function split(entry: string): { name: string; port: number | null } {
  const match = /^\[([^\]]*)\](?::(\d+))?$/.exec(entry) ?? /^([^:]*):(\d+)$/.exec(entry);
  const name = (match?.[1] ?? entry).replace(/^\*?\./, "").replace(/\.$/, "");
  return { name, port: match?.[2] === undefined ? null : Number(match[2]) };
}
