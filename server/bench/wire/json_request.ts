const encoder = new TextEncoder();

/** The bytes of a request with or without a JSON body. @param url without path */
export function jsonRequest(
  url: string,
  line: `${"GET" | "POST"} ${string}`,
  headers: Readonly<Record<string, string>>,
  body?: unknown,
): Uint8Array {
  const text = body === undefined ? "" : JSON.stringify(body);
  const all = {
    host: new URL(url).host,
    ...(body === undefined
      ? {}
      : { "content-type": "application/json", "content-length": String(encoder.encode(text).length) }),
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`).join("");
  return encoder.encode(`${line} HTTP/1.1\r\n${lines}\r\n${text}`);
}
