/** What crosses the gate on the way up; never the client's own credential or cookies. */
export function headersUp(from: Headers): Headers {
  const headers = new Headers();
  for (const [name, value] of from) if (crossesUp(name)) headers.set(name, value);
  return headers;
}

function crossesUp(name: string): boolean {
  switch (name) {
    case "content-type":
    case "accept":
    case "user-agent":
    case "idempotency-key":
    case "traceparent":
      return true;
    default:
      return name.startsWith("openai-");
  }
}

/** What crosses the gate on the way down; never cookies or the upstream's own challenge. */
export function headersDown(from: Headers): Headers {
  const headers = new Headers();
  for (const [name, value] of from) if (crossesDown(name)) headers.set(name, value);
  return headers;
}

function crossesDown(name: string): boolean {
  return name === "content-type" || name === "retry-after" || name.startsWith("x-ratelimit-") ||
    name.startsWith("openai-");
}
