/**
 * Whether a host is this machine's loopback: `localhost`, 127.0.0.0/8 or `::1`.
 *
 * @param host a name or address, IPv6 with or without brackets, no port
 */
export function isLoopbackHost(host: string): boolean {
  const bare = host.toLowerCase().replace(/^\[(.*)\]$/, "$1");
  if (bare === "localhost") return true;
  if (bare.includes(":")) return /^[0-9a-f:.]+$/.test(bare) && URL.parse(`http://[${bare}]`)?.hostname === "[::1]";
  return /^127(\.\d{1,3}){3}$/.test(bare) && bare.split(".").every((part) => Number(part) <= 255);
}
