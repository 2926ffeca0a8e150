import type { Secret } from "../secrets/mod.ts";

/** Everything Gatehouse can be told, parsed and checked. Durations are milliseconds, sizes are bytes. */
export interface Settings {
  readonly server: ServerSettings;
  readonly storage: StorageSettings;
  readonly network: NetworkSettings;
  readonly accounts: AccountSettings;
  /** The models behind the gate, keyed by their `name`; the environment gives one. Empty in demo mode. */
  readonly upstreams: readonly UpstreamSettings[];
  /** True: the built-in demo provider and model are the upstream. */
  readonly demo: boolean;
}

export interface ServerSettings {
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  readonly auth: "auto" | "required";
  readonly registration: "open" | "closed";
  /** Lower-case `host` or `host:port`. */
  readonly allowedHosts: readonly string[];
  /** Serialized origins (`https://app.example`). */
  readonly corsOrigins: readonly string[];
  readonly trustedProxies: readonly string[];
  readonly publicUrl: URL | null;
  readonly maxBodyBytes: number;
  readonly drainTimeout: number;
  readonly logLevel: "debug" | "info" | "warn" | "error";
  readonly logFile: string | null;
  readonly metricsToken: Secret | null;
}

export interface StorageSettings {
  readonly dataDir: string;
  /** The platform's config folder with `gatehouse` in it: holds the key file. */
  readonly configDir: string;
  /** KV Connect URL; null: a SQLite file in `dataDir`. */
  readonly kvUrl: URL | null;
  readonly kvAccessToken: Secret | null;
  /** 32 bytes, base64; null: the key file. */
  readonly sealingKey: Secret | null;
}

export interface NetworkSettings {
  /** For every origin, from `HTTP_PROXY_URL`; else by scheme. May carry user info: printed never. */
  readonly httpProxy: Secret | null;
  readonly httpsProxy: Secret | null;
  /** Lower-case host suffixes, `host:port`, IP addresses, CIDR blocks or `*`. */
  readonly noProxy: readonly string[];
  /** TCP and TLS only. */
  readonly connectionTimeout: number;
  /** PEM texts, already read. */
  readonly caCertificates: readonly string[];
  readonly clientCertificate: { readonly certificate: string; readonly key: Secret } | null;
}

export interface AccountSettings {
  readonly jwtSecret: Secret | null;
  readonly accessTokenExpire: number;
  readonly adminUsername: string | null;
  readonly adminPassword: Secret | null;
}

export interface UpstreamSettings {
  /** The key of everything that belongs to this upstream: metrics, stored credential. */
  readonly name: string;
  /** The full chat completions URL, query included. */
  readonly chatUrl: URL;
  /** Null: none configured and none can be derived. */
  readonly modelsUrl: URL | null;
  readonly defaultModel: string | null;
  readonly systemPrompt: string | null;
  readonly temperature: number | null;
  /** Silence before the first byte and between bytes. */
  readonly requestTimeout: number;
  /** 0: none. */
  readonly totalTimeout: number;
  readonly contextTokens: number;
  /** 0: no limit. */
  readonly maxConcurrent: number;
  /** Values may be secrets. */
  readonly extraHeaders: readonly (readonly [name: string, value: Secret])[];
  readonly credential: CredentialSettings;
  readonly pricesFile: string | null;
}

export type CredentialSettings = NoCredentialSettings | ApiKeySettings | OAuthSettings;

export interface NoCredentialSettings {
  readonly kind: "none";
}

export interface ApiKeySettings {
  readonly kind: "api_key";
  /** The variable that `API_KEY_ENV_VAR` names. */
  readonly variable: string;
  /** Lower-case; `authorization` sends `Bearer <key>`, any other the bare key. */
  readonly header: string;
  readonly key: Secret;
}

export interface OAuthSettings {
  readonly kind: "oauth2";
  readonly grant: "refresh_token" | "client_credentials";
  /** Where the endpoints come from: explicit beats issuer beats host. Null endpoints come from discovery, if there is an issuer. */
  readonly issuer: URL | null;
  readonly tokenUrl: URL | null;
  readonly deviceUrl: URL | null;
  readonly authorizeUrl: URL | null;
  readonly revokeUrl: URL | null;
  readonly redirectUri: URL | null;
  readonly clientId: string;
  readonly clientSecret: Secret | null;
  readonly clientAuth: "none" | "basic" | "post";
  readonly scope: string | null;
  /** Sent with every authorization, device and token request. */
  readonly extraParams: readonly (readonly [name: string, value: string])[];
  /** A seed: adopted once ever. */
  readonly refreshToken: Secret | null;
  readonly accessToken: Secret | null;
  /** Milliseconds since the epoch. */
  readonly accessTokenExpiresAt: number | null;
}
