/** The bytes of an IPv4 (4) or IPv6 (16, without brackets) address; null for anything else, such as a name. */
export function parseIp(text: string): readonly number[] | null {
  if (/^\d+\.\d+\.\d+\.\d+$/.test(text)) {
    const bytes = text.split(".").map(Number);
    return bytes.every((byte) => byte <= 255) ? bytes : null;
  }
  if (!/^[0-9a-f:.]+$/i.test(text) || !text.includes(":")) return null;
  // The URL parser checks the address and writes it in its one canonical form, without a dotted tail.
  const canonical = URL.parse(`http://[${text}]`)?.hostname.slice(1, -1);
  if (canonical === undefined) return null;
  const [head = "", tail] = canonical.split("::");
  const before = groups(head);
  const after = groups(tail ?? "");
  const middle = tail === undefined ? [] : new Array<number>(8 - before.length - after.length).fill(0);
  const bytes = [...before, ...middle, ...after].flatMap((group) => [group >> 8, group & 255]);
  // ::ffff:0:0/96 is IPv4 in disguise (RFC 4291, 2.5.5.2).
  const mapped = bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 255 && bytes[11] === 255;
  return mapped ? bytes.slice(12) : bytes;
}

function groups(text: string): number[] {
  return text === "" ? [] : text.split(":").map((group) => parseInt(group, 16));
}

/** Whether `ip` lies in the block `address/bits`; false for a block that is not one. */
export function inCidr(ip: readonly number[], block: string): boolean {
  const slash = block.lastIndexOf("/");
  const net = parseIp(block.slice(0, slash));
  const bits = Number(block.slice(slash + 1));
  if (slash < 0 || !/^\d+$/.test(block.slice(slash + 1)) || net === null || net.length !== ip.length) return false;
  if (bits > ip.length * 8) return false;
  return ip.every((byte, i) => {
    const kept = Math.min(8, Math.max(0, bits - i * 8));
    const mask = (0xff << (8 - kept)) & 0xff;
    return (byte & mask) === ((net[i] ?? 0) & mask);
  });
}

/** Whether the host of `url` is this machine itself: `localhost` and below (RFC 6761), 127.0.0.0/8, ::1. */
export function isLoopbackHost(url: URL): boolean {
  const host = url.hostname.replace(/\.$/, "");
  if (host === "localhost" || host.endsWith(".localhost")) return true;
  const ip = parseIp(host.replace(/^\[|\]$/g, ""));
  if (ip === null) return false;
  return ip.length === 4 ? ip[0] === 127 : ip.every((byte, i) => byte === (i === 15 ? 1 : 0));
}
