/** No header that a client can send is longer and worth a look. */
const LONGEST = 8192;

/**
 * Whom a text names as its issuer if it has the shape of a JWT, whatever its algorithm, signed or not. Nothing is judged:
 * anybody can write such a text.
 */
export function claimedIssuer(text: string): string | null {
  const first = text.indexOf(".");
  if (first === -1 || text.length > LONGEST) return null;
  const [, payload, , ...more] = text.split(".");
  if (payload === undefined || more.length > 0) return null;
  try {
    const claims: unknown = JSON.parse(decoder.decode(Uint8Array.fromBase64(payload, { alphabet: "base64url" })));
    if (typeof claims !== "object" || claims === null || !("iss" in claims)) return null;
    return typeof claims.iss === "string" ? claims.iss : null;
  } catch {
    return null;
  }
}

const decoder = new TextDecoder();
