import { parseIp } from "../../network/mod.ts";

/** IPv6 addresses are dealt out by the network: whoever has one has all that share its first 64 bits (RFC 6177). */
const NETWORK_BYTES = 8;

/** What an address is counted under: an IPv4 address itself, also where it is written as IPv6, and the /64 of an IPv6 address. */
export function networkOf(address: string): string {
  const ip = parseIp(address.replace(/%.*$/s, "")); // a link-local address names the interface too
  if (ip === null) return address;
  return ip.length === 4 ? ip.join(".") : `${new Uint8Array(ip.slice(0, NETWORK_BYTES)).toHex()}/64`;
}
