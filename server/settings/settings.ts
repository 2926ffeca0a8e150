import type { Secret } from "../secrets/mod.ts";

/** Everything Gatehouse can be told, parsed and checked. Durations are milliseconds, sizes are bytes. */
export interface Settings {
  /** How it listens and logs. */
  readonly server: ServerSettings;
  /** Where things are kept. */
  readonly storage: StorageSettings;
  /** The ways out. */
  readonly network: NetworkSettings;
  /** Users and their tokens. */
  readonly accounts: AccountSettings;
  /** The models behind the gate, keyed by their `name`; the environment gives one. Empty in demo mode. */
  readonly upstreams: readonly UpstreamSettings[];
  /** What models cost; null: no list was given. */
  readonly prices: PriceList | null;
  /** True: the built-in demo provider and model are the upstream. */
  readonly demo: boolean;
}

/** How the server listens, whom it answers, what it logs. */
export interface ServerSettings {
  /** The address to listen on. */
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  /** `auto`: open to this machine when bound to loopback; `required`: every request needs a credential. */
  readonly auth: "auto" | "required";
  /** Who may register a user: anybody; anybody on this machine; administrators alone. */
  readonly registration: "open" | "local" | "closed";
  /** Lower-case `host` or `host:port`. */
  readonly allowedHosts: readonly string[];
  /** Serialized origins (`https://app.example`). */
  readonly corsOrigins: readonly string[];
  /** Addresses or blocks whose forwarding headers are believed. */
  readonly trustedProxies: readonly string[];
  /** The server's address as its users see it; null: where it listens. */
  readonly publicUrl: URL | null;
  /** The longest request body, in bytes. */
  readonly maxBodyBytes: number;
  /** What open streams get to finish at a stop, in milliseconds. */
  readonly drainTimeout: number;
  /** The least level that is logged. */
  readonly logLevel: "debug" | "info" | "warn" | "error";
  /** Where to log beside the console; null: nowhere. */
  readonly logFile: string | null;
  /** What lets a scraper read `/metrics`; null: none does. */
  readonly metricsToken: Secret | null;
}

/** Where things are kept, and the key that seals them. */
export interface StorageSettings {
  /** The folder of the store, its locks and whatever else must survive. */
  readonly dataDir: string;
  /** The platform's config folder with `gatehouse` in it: holds the key file. */
  readonly configDir: string;
  /** KV Connect URL; null: a SQLite file in `dataDir`. */
  readonly kvUrl: URL | null;
  /** For `kvUrl`; null: none is sent. */
  readonly kvAccessToken: Secret | null;
  /** 32 bytes, base64; null: the key file. */
  readonly sealingKey: Secret | null;
}

/** The ways out to providers and models. */
export interface NetworkSettings {
  /** For every origin, from `HTTP_PROXY_URL`; else by scheme. May carry user info: printed never. */
  readonly httpProxy: Secret | null;
  /** For `https:` origins, from `HTTPS_PROXY`. May carry user info: printed never. */
  readonly httpsProxy: Secret | null;
  /** Lower-case host suffixes, `host:port`, IP addresses, CIDR blocks or `*`. */
  readonly noProxy: readonly string[];
  /** TCP and TLS only. */
  readonly connectionTimeout: number;
  /** PEM texts, already read. */
  readonly caCertificates: readonly string[];
  /** For mutual TLS: PEM texts, already read; null: none. */
  readonly clientCertificate: { readonly certificate: string; readonly key: Secret } | null;
}

/** Users and their tokens. */
export interface AccountSettings {
  /** Signs our own tokens; null: none was set. */
  readonly jwtSecret: Secret | null;
  /** How long our own access tokens live, in milliseconds. */
  readonly accessTokenExpire: number;
  /** The first administrator; null: none. */
  readonly adminUsername: string | null;
  /** The first administrator's password; null: none. */
  readonly adminPassword: Secret | null;
}

/** One model provider behind the gate. */
export interface UpstreamSettings {
  /** The key of everything that belongs to this upstream: metrics, stored credential. */
  readonly name: string;
  /** The full chat completions URL, query included. */
  readonly chatUrl: URL;
  /** Null: none configured and none can be derived. */
  readonly modelsUrl: URL | null;
  /** For requests that name none, and the list where the upstream gives none; null: not set. */
  readonly defaultModel: string | null;
  /** For conversations and sessions, never added on `/v1`; null: none. */
  readonly systemPrompt: string | null;
  /** For conversations and sessions, never added on `/v1`; null: the model's own. */
  readonly temperature: number | null;
  /** Silence before the first byte and between bytes. */
  readonly requestTimeout: number;
  /** 0: none. */
  readonly totalTimeout: number;
  /** The most that a history window may take, in tokens; null: not set. */
  readonly contextTokens: number | null;
  /** 0: no limit. */
  readonly maxConcurrent: number;
  /** Values may be secrets. */
  readonly extraHeaders: readonly (readonly [name: string, value: Secret])[];
  /** What the upstream demands. */
  readonly credential: CredentialSettings;
}

/** The price list: what models cost, and how long their answers may be. */
export interface PriceList {
  /** ISO 4217. */
  readonly currency: string;
  /** By the model's name. */
  readonly models: Readonly<Record<string, ModelPrice>>;
}

/** One model's prices, in units of the currency for a million tokens: which is millionths of it for one. */
export interface ModelPrice {
  /** For what the model reads. */
  readonly input: number;
  /** For what it writes, reasoning included. */
  readonly output: number;
  /** The longest answer, in tokens; absent: not known. */
  readonly max_output?: number;
}

/** What an upstream demands, told apart by `kind`. */
export type CredentialSettings = NoCredentialSettings | ApiKeySettings | OAuthSettings;

/** An upstream that demands nothing. */
export interface NoCredentialSettings {
  /** Tells the kinds apart. */
  readonly kind: "none";
}

/** An upstream with a key that never changes. */
export interface ApiKeySettings {
  /** Tells the kinds apart. */
  readonly kind: "api_key";
  /** The variable that `API_KEY_ENV_VAR` names. */
  readonly variable: string;
  /** Lower-case; `authorization` sends `Bearer <key>`, any other the bare key. */
  readonly header: string;
  /** The key itself. */
  readonly key: Secret;
}

/** An upstream behind an OAuth2 provider. */
export interface OAuthSettings {
  /** Tells the kinds apart. */
  readonly kind: "oauth2";
  /** How access tokens are had. */
  readonly grant: "refresh_token" | "client_credentials";
  /** Where the endpoints come from: explicit beats issuer beats host. Null endpoints come from discovery, if there is an issuer. */
  readonly issuer: URL | null;
  /** The token endpoint (RFC 6749 §3.2). */
  readonly tokenUrl: URL | null;
  /** The device authorization endpoint (RFC 8628 §3.1). */
  readonly deviceUrl: URL | null;
  /** The authorization endpoint (RFC 6749 §3.1). */
  readonly authorizeUrl: URL | null;
  /** The revocation endpoint (RFC 7009). */
  readonly revokeUrl: URL | null;
  /** For the login by browser; null: a loopback port that the system chooses. */
  readonly redirectUri: URL | null;
  /** Gatehouse at the provider. */
  readonly clientId: string;
  /** Null: a public client. */
  readonly clientSecret: Secret | null;
  /** How the client shows itself (RFC 6749 §2.3.1). */
  readonly clientAuth: "none" | "basic" | "post";
  /** Scopes separated by spaces; null: the provider's own choice. */
  readonly scope: string | null;
  /** Sent with every authorization, device and token request. */
  readonly extraParams: readonly (readonly [name: string, value: string])[];
  /** A seed: adopted once ever. */
  readonly refreshToken: Secret | null;
  /** A seed beside the refresh token; null: none. */
  readonly accessToken: Secret | null;
  /** Milliseconds since the epoch. */
  readonly accessTokenExpiresAt: number | null;
}
