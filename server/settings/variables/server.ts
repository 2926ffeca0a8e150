import { addressList, host, hostList, originList } from "../types/host_types.ts";
import { bytes, integer, secondsOrZero } from "../types/number_types.ts";
import { oneOf, path, token } from "../types/text_types.ts";
import { httpUrl } from "../types/url_types.ts";
import type { Variable } from "./variable.ts";

export const SERVER_VARIABLES = {
  HOST: { type: host, default: "127.0.0.1", help: "Address to listen on." },
  PORT: { type: integer(0, 65535), default: "8000", help: "Port to listen on; 0 lets the system choose." },
  AUTH: {
    type: oneOf("auto", "required"),
    default: "auto",
    help: "auto: open to this machine when HOST is loopback. required: every request needs a credential.",
  },
  REGISTRATION: {
    type: oneOf("open", "closed"),
    unset: "open to this machine on loopback, closed elsewhere",
    help: "open: anyone who reaches the server may make an account, though never an administrator.",
  },
  ALLOWED_HOSTS: { type: hostList, help: "Further Host names that open mode answers to." },
  CORS_ORIGINS: { type: originList, help: "Web origins that may call the server from a browser." },
  TRUSTED_PROXIES: {
    type: addressList,
    help: "Reverse proxies whose X-Forwarded-For is believed: failed logins are counted by address.",
  },
  PUBLIC_URL: { type: httpUrl, help: "The server's address as its users see it, behind a reverse proxy." },
  MAX_BODY_BYTES: { type: bytes, default: "20MiB", help: "Longest request body." },
  DRAIN_TIMEOUT: { type: secondsOrZero, default: "30", help: "Seconds that open streams get to finish at a stop." },
  LOG_LEVEL: { type: oneOf("debug", "info", "warn", "error"), default: "info", help: "Least level that is logged." },
  LOG_FILE: { type: path, help: "Also log to this file (rotating, readable by its owner only)." },
  METRICS_TOKEN: { type: token, help: "Bearer token that lets a scraper read /metrics." },
} as const satisfies Record<string, Variable<unknown>>;
