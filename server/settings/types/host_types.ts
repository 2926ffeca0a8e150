import { type ValueType, valueType } from "./value_type.ts";

const NAME = /^[a-z0-9]([a-z0-9._-]*[a-z0-9])?$/;

/** A host name or address without brackets, lower-case; undefined for anything else. */
function hostOf(text: string): string | undefined {
  const bare = text.trim().toLowerCase().replace(/^\[(.*)\]$/, "$1");
  if (bare.includes(":")) return isIpv6(bare) ? bare : undefined;
  return NAME.test(bare) && URL.canParse(`http://${bare}`) ? bare : undefined;
}

function isIpv6(text: string): boolean {
  return /^[0-9a-f:.]+$/.test(text) && URL.canParse(`http://[${text}]`);
}

function isIpv4(text: string): boolean {
  return /^\d{1,3}(\.\d{1,3}){3}$/.test(text) && text.split(".").every((part) => Number(part) <= 255);
}

/** Lower-case `host` or `host:port`; undefined for anything else. */
function hostAndPortOf(text: string): string | undefined {
  const [, name = "", port] = /^(\[[^\]]*\]|[^:]*)(?::(\d+))?$/.exec(text.trim().toLowerCase()) ?? [];
  const host = hostOf(name);
  if (host === undefined || (port !== undefined && (Number(port) < 1 || Number(port) > 65535))) return undefined;
  return (host.includes(":") ? `[${host}]` : host) + (port === undefined ? "" : `:${port}`);
}

function originOf(text: string): string | undefined {
  const url = URL.parse(text);
  const bare = url !== null && ["http:", "https:"].includes(url.protocol) && url.pathname === "/" &&
    url.href === `${url.origin}/`;
  return bare ? url.origin : undefined;
}

function addressBlockOf(text: string): string | undefined {
  const [, address = "", prefix] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text.toLowerCase()) ?? [];
  const bits = isIpv4(address) ? 32 : address.includes(":") && isIpv6(address) ? 128 : -1;
  return Number(prefix ?? 0) <= bits ? text.toLowerCase() : undefined;
}

function listOf(expected: string, item: (text: string) => string | undefined): ValueType<readonly string[]> {
  return valueType(`${expected}, separated by commas`, (text) => {
    const items = text.split(/[\s,]+/).filter((part) => part !== "").map(item);
    const good = items.filter((value) => value !== undefined);
    return good.length === items.length ? good : undefined;
  });
}

/** What to listen on. */
export const host: ValueType<string> = valueType("a host name or IP address, without port", hostOf);

/** A host with an optional port. */
export const hostAndPort: ValueType<string> = valueType("host or host:port, without https:// and path", hostAndPortOf);

export const hostList: ValueType<readonly string[]> = listOf("host or host:port", hostAndPortOf);

export const originList: ValueType<readonly string[]> = listOf("origins such as https://app.example", originOf);

export const addressList: ValueType<readonly string[]> = listOf("IP addresses or CIDR blocks", addressBlockOf);

/** Other programs' habit, so nothing is refused: `.corp` and `*.corp` are the suffix `corp`. */
export const noProxyList: ValueType<readonly string[]> = listOf(
  "host suffixes, host:port, IP addresses, CIDR blocks or *",
  (text) => text.toLowerCase().replace(/^\*?\.(?=.)/, ""),
);
