/** What went wrong in words that hold nothing secret, and what mends it. */
export interface Failure {
  readonly what: string;
  readonly fix: string;
}

/** A connection attempt of ours that was given up. */
export class NoConnectionError extends Error {
  /** Why, in our own words. */
  readonly failure: Failure;

  constructor(failure: Failure) {
    super(failure.what);
    this.failure = failure;
  }
}

const CHECK_ROUTE = "Check the URL, VPN and proxy settings.";

/** Looked through from the top: the first whose pattern occurs in the foreign text. */
const KNOWN: readonly (readonly [pattern: RegExp, what: string, fix: string])[] = [
  [
    /UnknownIssuer|self.signed|unable to (?:get local issuer|verify)/i,
    "the certificate's issuer is not known",
    "Set CA_FILE to the certificate of your company's CA.",
  ],
  [
    /NotValidForName|ALTNAME_INVALID|does not match certificate/i,
    "the certificate is for another name",
    "Check the host in the URL.",
  ],
  [
    /certificate.*(?:Expired|NotValidYet|not yet valid)/i,
    "the certificate is expired or not yet valid",
    "Check this machine's clock.",
  ],
  [
    /CertificateRequired|HandshakeFailure|certificate required/i,
    "the TLS handshake was refused",
    "If the far side asks for a client certificate, set CLIENT_CERT_FILE and CLIENT_KEY_FILE.",
  ],
  [/invalid peer certificate/i, "the certificate is not valid", "Set CA_FILE, or have the certificate mended."],
  [
    /dns error|lookup address|ENOTFOUND|EAI_AGAIN|getaddrinfo/i,
    "the name cannot be resolved",
    "Check the host name and VPN; where only a proxy reaches it, set HTTP_PROXY_URL.",
  ],
  [
    /proxy authentication required|Proxy response \(407\)/i,
    "the proxy asks for a login (407)",
    "Put user and password into HTTP_PROXY_URL.",
  ],
  [
    /invalid \S+ header|invalid header|invalid request (?:path|method)/i,
    "the request holds what HTTP does not allow",
    "Look for line breaks and foreign letters in the headers, LLM_EXTRA_HEADERS and the API key.",
  ],
  [/client is (?:destroyed|closed)/i, "the HTTP client is closed", "Gatehouse is stopping."],
  [/tunnel/i, "the proxy did not open a tunnel", "Ask who runs the proxy, or add the host to NO_PROXY."],
  [/refused|ECONNREFUSED/i, "the connection was refused", "Check host and port, and that something listens there."],
  [/unreachable/i, "there is no way to that network", CHECK_ROUTE],
  [
    /tls|ssl|InvalidContentType|corrupt message|UnexpectedEof|handshake/i,
    "the TLS handshake failed",
    "Check that the port speaks https.",
  ],
];

/** Translates the text of a foreign error, which may hold a whole URL, into a {@linkcode Failure} that holds none. */
export function readFailure(error: unknown): Failure {
  if (error instanceof NoConnectionError) return error.failure;
  const text = error instanceof Error ? `${error.name} ${codeOf(error)}: ${error.message}` : String(error);
  for (const [pattern, what, fix] of KNOWN) {
    if (pattern.test(text)) return { what, fix };
  }
  return { what: "the connection failed", fix: CHECK_ROUTE };
}

/** Node's libraries put the kind of a failure into `code`. */
function codeOf(error: Error): string {
  return "code" in error && typeof error.code === "string" ? error.code : "";
}
