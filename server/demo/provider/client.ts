/** The one client that the demo provider knows: public, so without a secret (RFC 6749 §2.1). */
export const DEMO_CLIENT = "gatehouse-demo";

/** Every scope there is. */
export const DEMO_SCOPE = "model offline_access";

/** What of `requested` can be granted: unknown scopes are left out, none means all (RFC 6749 §3.3). */
export function grantedScope(requested: string | undefined): string {
  const known = DEMO_SCOPE.split(" ");
  const wanted = new Set((requested ?? "").split(" "));
  const granted = known.filter((scope) => wanted.has(scope));
  return granted.length > 0 ? granted.join(" ") : DEMO_SCOPE;
}

/** Whether `uri` is a loopback redirect as native programs use them: http, any port, any path (RFC 8252 §7.3). */
export function isLoopbackRedirect(uri: string): boolean {
  if (!URL.canParse(uri)) return false;
  const url = new URL(uri);
  return url.protocol === "http:" && ["127.0.0.1", "[::1]", "localhost"].includes(url.hostname) &&
    url.hash === "" && !uri.endsWith("#") && url.username === "" && url.password === "";
}
