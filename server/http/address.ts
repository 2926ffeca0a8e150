import { inCidr, parseIp } from "../network/mod.ts";

/**
 * The client's IP address: the nearest one that no trusted proxy stands at. What a client writes into `X-Forwarded-For`
 * itself stands further left than what the proxies add, and is not believed.
 *
 * @param remote the address of the connection
 * @param forwardedFor the `X-Forwarded-For` header; null: there is none
 * @param trusted addresses and CIDR blocks of `TRUSTED_PROXIES`
 */
export function clientAddress(remote: string, forwardedFor: string | null, trusted: readonly string[]): string {
  let nearest = remote;
  const hops = forwardedFor === null ? [] : forwardedFor.split(",").map((hop) => hop.trim());
  while (hops.length > 0 && isTrusted(nearest, trusted)) {
    const next = hops.pop() ?? "";
    // A name or garbage tells nothing: then it is the last proxy that answers for it.
    if (parseIp(next) === null) break;
    nearest = next;
  }
  return nearest;
}

function isTrusted(address: string, trusted: readonly string[]): boolean {
  const ip = parseIp(address);
  if (ip === null) return false;
  return trusted.some((entry) => entry.includes("/") ? inCidr(ip, entry) : parseIp(entry)?.join() === ip.join());
}
