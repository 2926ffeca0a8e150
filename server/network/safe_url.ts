/** The URL as logs may show it: origin and path, without user info, query and fragment. */
export function safeUrl(url: URL | string): string {
  const parsed = typeof url === "string" ? URL.parse(url) : url;
  if (parsed === null) return "(not a URL)";
  return `${parsed.protocol}//${parsed.host}${parsed.pathname}`;
}

/** `host:port` with the scheme's own port filled in; IPv6 hosts in brackets. */
export function hostPort(url: URL): string {
  return `${url.hostname}:${portOf(url)}`;
}

/** The port in the URL, or the scheme's own. */
export function portOf(url: URL): number {
  if (url.port !== "") return Number(url.port);
  if (url.protocol === "https:") return 443;
  return url.protocol.startsWith("socks") ? 1080 : 80;
}

/** The host name as sockets want it: IPv6 addresses without their brackets. */
export function bareHost(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, "");
}
