/** One request that leaves the house. */
export interface OutgoingRequest {
  /** `http:` or `https:`. */
  readonly url: URL;
  /** Upper case. @default "GET" */
  readonly method?: string;
  /** Sent as they are; `accept-encoding: identity` is added. */
  readonly headers?: Headers | Readonly<Record<string, string>>;
  /** Nothing is sent where it is missing. */
  readonly body?: Uint8Array<ArrayBuffer> | string;
  /**
   * Ends the request until its headers are here. From then on cancel the body instead. Both close the connection at once; one
   * that is only being made is closed as soon as it stands, or at the connect limit.
   */
  readonly signal: AbortSignal;
  /** Milliseconds without an answer's headers before the request is given up; 0: no limit. */
  readonly silence: number;
  /**
   * How many times to try where nothing was sent (DNS, connect, TLS), each time over every route, with a short pause.
   * What was sent is never sent again from here.
   * @default 1
   */
  readonly attempts?: number;
}

/**
 * Everything that goes out goes through one of these: it chooses the route, bounds the connect apart from the silence,
 * follows no redirect (a 3xx answer comes back as it is), and asks for `accept-encoding: identity`. An answer that was
 * packed nevertheless comes unpacked, without `content-encoding` and `content-length`; one in a coding that is not known fails as
 * `broken`.
 */
export interface HttpClient {
  /**
   * Sends one request and answers at the headers. The body is the caller's to read or cancel.
   *
   * @throws {NetworkError} when no answer came; `sent` tells whether the far side may have seen the request
   * @throws the signal's reason when it was aborted
   */
  fetch(request: OutgoingRequest): Promise<Response>;
  /** Ends every connection; what is on its way fails. */
  close(): void;
}

/** Why no answer came. The message names host and port and nothing secret; there is never a `cause`. */
export class NetworkError extends Error {
  /** The class's own name. */
  override readonly name = "NetworkError";
  /**
   * `unreachable`: no connection (DNS, connect, TLS, proxy); `broken`: the connection ended before the headers, or
   * before the end of the body; `silent`: nothing came within the limit.
   */
  readonly kind: "unreachable" | "broken" | "silent";
  /** False only when it is certain that no byte of the request left. */
  readonly sent: boolean;

  /** No answer. @param message names host and port and nothing secret */
  constructor(kind: "unreachable" | "broken" | "silent", sent: boolean, message: string) {
    super(message);
    this.kind = kind;
    this.sent = sent;
  }
}
