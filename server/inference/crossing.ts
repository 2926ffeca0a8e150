/** Header names in lower case with their values. */
export type HeaderList = readonly (readonly [name: string, value: string])[];

/** What crosses the gate on the way up; never the client's own credential or cookies. */
export function headersUp(from: HeaderList): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of from) if (crossesUp(name)) headers[name] = value;
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
export function headersDown(from: Headers): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of from) if (crossesDown(name)) headers[name] = value;
  return headers;
}

function crossesDown(name: string): boolean {
  return name === "content-type" || name === "retry-after" || name.startsWith("x-ratelimit-") ||
    name.startsWith("openai-");
}
