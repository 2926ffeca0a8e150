import { noProxyList } from "../types/host_types.ts";
import { seconds } from "../types/number_types.ts";
import { path } from "../types/text_types.ts";
import { proxyUrl } from "../types/url_types.ts";
import type { Variable } from "./variable.ts";

export const NETWORK_VARIABLES = {
  HTTP_PROXY_URL: { type: proxyUrl, help: "Proxy for everything that goes out. Beats the four below." },
  HTTPS_PROXY: { type: proxyUrl, help: "Proxy for https. Here and in the next three the lower-case name wins." },
  HTTP_PROXY: { type: proxyUrl, help: "Proxy for http." },
  ALL_PROXY: { type: proxyUrl, help: "Proxy for what the two above leave out." },
  NO_PROXY: { type: noProxyList, help: "What is reached without a proxy; loopback always is." },
  CONNECTION_TIMEOUT: { type: seconds, default: "2", help: "Seconds for a connection to be made (TCP and TLS)." },
  CA_FILE: { type: path, help: "PEM file of certificate authorities trusted beside the usual ones." },
  CLIENT_CERT_FILE: { type: path, help: "PEM file of the client certificate; needs CLIENT_KEY_FILE." },
  CLIENT_KEY_FILE: { type: path, help: "PEM file of the client certificate's key, not encrypted." },
} as const satisfies Record<string, Variable<unknown>>;
