/** One bad or missing value: what to mend before the start. Holds no secret. */
export interface Fault {
  /** The variable. */
  readonly name: string;
  /** What was found, secrets masked. */
  readonly found: string;
  /** What would be right. */
  readonly expected: string;
}

/** The one line that a person sees for a fault. */
export function formatFault({ name, found, expected }: Fault): string {
  return `${name}: found ${found}, expected ${expected}`;
}

/** How a missing value is described in a fault. */
export const NOTHING = "nothing";

/** A value that must not be seen: its length only. */
export function showHidden(text: string): string {
  return `a hidden value of ${text.length} characters`;
}

/** A bad value as it may be seen: quoted, cut to 100 characters, and without the user info and query of a URL. */
export function showValue(text: string): string {
  return /[@?#]|:\/\//.test(text) ? showUrlText(text) : quote(text);
}

/** A URL without its user info, query and fragment: these can hold keys. */
export function showUrl(url: URL): string {
  const user = url.username || url.password ? "***@" : "";
  const slashes = url.href.startsWith(`${url.protocol}//`) ? "//" : "";
  return `${url.protocol}${slashes}${user}${url.host}${url.pathname}${url.search ? "?…" : ""}`;
}

function showUrlText(text: string): string {
  const url = URL.parse(text);
  // An "@" that is not the end of a user info makes it unclear where a password would end.
  const clear = url !== null && text.includes("@") === (url.username + url.password !== "");
  if (clear) return quote(showUrl(url));
  if (!/[@?#]/.test(text)) return quote(text);
  const scheme = /^[a-z][a-z0-9+.-]*:\/\//i.exec(text)?.[0] ?? "";
  return `${quote(`${scheme}…`)} (${text.length} characters, the rest hidden)`;
}

function quote(text: string): string {
  return JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}…` : text);
}
