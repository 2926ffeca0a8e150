import type { NetworkSettings } from "../settings/mod.ts";
import type { DialTarget } from "./dial.ts";
import type { Dispatcher } from "undici";
import { matchesNoProxy } from "./no_proxy.ts";
import { openPools } from "./pools.ts";
import { bareHost, hostPort, portOf } from "./safe_url.ts";

/** One way out: straight, or through a proxy. */
export interface Route {
  /** `directly` or `via proxy host:port`: for messages and logs. */
  readonly label: string;
  /** The pool of connections that leave this way; made when it is first asked for. */
  readonly dispatcher: () => Promise<Dispatcher>;
  /** What a probe knocks at before something is sent to `url`. */
  readonly knock: (url: URL) => DialTarget;
}

/** The ways out that the settings give. */
export interface Routes {
  /** The ways to `url`, the one to try first at the front; never empty. */
  to(url: URL): readonly [Route, ...Route[]];
  close(): void;
}

/** Opens one connection pool for the direct way and one for each proxy. */
export function openRoutes(settings: NetworkSettings, isLoopback: (url: URL) => boolean): Routes {
  const pools = openPools(settings);
  const direct: Route = {
    label: "directly",
    dispatcher: pools.direct,
    knock: (url) => ({ hostname: bareHost(url), port: portOf(url), tls: url.protocol === "https:" }),
  };
  const throughProxy = (address: string): Route => {
    const url = new URL(/^[a-z0-9]+:\/\//i.test(address) ? address : `http://${address}`);
    const target = { hostname: bareHost(url), port: portOf(url), tls: url.protocol === "https:" };
    return { label: `via proxy ${hostPort(url)}`, dispatcher: pools.through(url), knock: () => target };
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
