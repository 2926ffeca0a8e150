import type { Settings } from "../../settings/mod.ts";

/** The far sides that the settings name; a bad name or a dead host among them is told before anything is asked of it. */
export function farSides({ upstreams }: Settings): readonly URL[] {
  return upstreams.flatMap(({ chatUrl, modelsUrl, credential }) => {
    const provider = credential.kind === "oauth2" ? [credential.issuer, credential.tokenUrl] : [];
    return [...provider, chatUrl, modelsUrl].filter((url) => url !== null);
  });
}

/** The origins of `urls`, each once. */
export function originsOf(urls: readonly URL[]): readonly URL[] {
  return [...new Set(urls.map(({ origin }) => origin))].map((origin) => new URL(origin));
}

/** One proxy and what goes through it. */
export interface ProxyUse {
  /** Without user info. */
  readonly url: URL;
  readonly schemes: readonly ("http" | "https")[];
}

/** The proxies of the settings, each once. */
export function proxiesOf({ network: { httpProxy, httpsProxy } }: Settings): readonly ProxyUse[] {
  const uses = new Map<string, ("http" | "https")[]>();
  for (const [scheme, proxy] of [["http", httpProxy], ["https", httpsProxy]] as const) {
    const url = proxy === null ? null : URL.parse(proxy.reveal());
    if (url === null) continue;
    const bare = `${url.protocol}//${url.host}`;
    uses.set(bare, [...uses.get(bare) ?? [], scheme]);
  }
  return [...uses].map(([url, schemes]) => ({ url: new URL(url), schemes }));
}

/** The host as a resolver wants it; null for an address, which needs none. */
export function nameOf(url: URL): string | null {
  const { hostname } = url;
  return hostname.startsWith("[") || /^\d+(\.\d+){3}$/.test(hostname) ? null : hostname;
}
