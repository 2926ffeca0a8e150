import { assert, assertEquals } from "@std/assert";

/** A browser as small as it gets: it keeps cookies and follows redirects within one site. */
class Browser {
  readonly #cookies = new Map<string, string>();

  async get(url: string): Promise<Page> {
    return await this.#go(url, {});
  }

  async post(url: string, fields: Record<string, string>): Promise<Page> {
    return await this.#go(url, { method: "POST", body: new URLSearchParams(fields) });
  }

  async #go(url: string, init: RequestInit): Promise<Page> {
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const response = await fetch(url, { ...init, redirect: "manual", headers: { cookie } });
    for (const line of response.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      this.#cookies.set(name, value);
    }
    const html = await response.text();
    const location = response.headers.get("location");
    if (location !== null) return await this.get(new URL(location, url).href);
    return { html, status: response.status, url };
  }
}

interface Page {
  readonly html: string;
  readonly status: number;
  readonly url: string;
}

/** Plays the person of a device login: opens the page that was named, confirms the code and signs in. */
export async function approveDeviceLogin(verificationUri: string, userCode: string): Promise<void> {
  const browser = new Browser();
  const form = await browser.get(`${verificationUri}?user_code=${encodeURIComponent(userCode)}`);
  const xsrf = /name="xsrf" value="([^"]+)"/.exec(form.html)?.[1];
  assert(xsrf !== undefined, `no form at ${form.url}: ${form.html}`);
  await browser.post(verificationUri, { xsrf, user_code: userCode });
  const done = await browser.post(verificationUri, { xsrf, user_code: userCode, confirm: "yes" });
  assertEquals(done.status, 200);
  assert(done.html.includes("Sign-in Success"), done.html);
}
