/** On whose behalf a request is made. */
export interface Who {
  /** Whose data it may see. */
  readonly userId: string;
  /** What it may do. */
  readonly role: "admin" | "user";
  /** How it was shown: `open` is the implicit user of a loopback server. */
  readonly via: "open" | "metrics_token";
}

/** The implicit user of open mode. */
export const LOCAL_USER: Who = { userId: "local", role: "admin", via: "open" };
