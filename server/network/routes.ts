import type { Dispatcher } from "undici";
import type { Clock } from "../effects/mod.ts";
import type { NetworkSettings } from "../settings/mod.ts";
import { matchesNoProxy } from "./no_proxy.ts";
import { openPools } from "./pools.ts";
import { hostPort } from "./safe_url.ts";

/** One way out: straight, or through a proxy. */
export interface Route {
  /** `directly` or `via proxy host:port`: for messages and logs. */
  readonly label: string;
  /** The pool of connections that leave this way; made when it is first asked for. */
  readonly dispatcher: () => Promise<Dispatcher>;
}

/** The ways out that the settings give. */
export interface Routes {
  /** The ways to `url`, the one to try first at the front; never empty. */
  to(url: URL): readonly [Route, ...Route[]];
  close(): void;
}

/** Opens one connection pool for the direct way and one for each proxy. */
export function openRoutes(settings: NetworkSettings, isLoopback: (url: URL) => boolean, clock: Clock): Routes {
  const pools = openPools(settings, clock);
  const direct: Route = { label: "directly", dispatcher: pools.direct };
  const throughProxy = (address: string): Route => {
    const url = new URL(/^[a-z0-9]+:\/\//i.test(address) ? address : `http://${address}`);
    return { label: `via proxy ${hostPort(url)}`, dispatcher: pools.through(url) };
  };
  const { httpProxy, httpsProxy, noProxy } = settings;
  const forHttp = httpProxy === null ? null : throughProxy(httpProxy.reveal());
  const same = httpProxy !== null && httpsProxy !== null && httpProxy.equals(httpsProxy);
  const forHttps = same ? forHttp : httpsProxy === null ? null : throughProxy(httpsProxy.reveal());

  return {
    to(url) {
      const proxy = url.protocol === "https:" ? forHttps : forHttp;
      if (proxy === null || isLoopback(url) || matchesNoProxy(noProxy, url)) return [direct];
      return [proxy, direct];
    },
    close: pools.close,
  };
}
