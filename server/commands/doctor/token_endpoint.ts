import { safeUrl } from "../../network/mod.ts";
import type { Examination } from "./effects.ts";
import { fail, type Finding, ok, warn } from "./finding.ts";
import { plainName, readObject } from "./read_json.ts";
import { LIMIT, limited, SILENCE } from "./time_limit.ts";

const FIX = "Check OAUTH_TOKEN_URL, OAUTH_ISSUER or OAUTH_HOST.";

/**
 * Whether a token endpoint is there. It gets an empty form, which it must refuse with a JSON `error` (RFC 6749 section
 * 5.2): no token, client id or secret is sent, so nothing can be spent.
 *
 * @throws {NetworkError}
 */
export async function checkTokenEndpoint(exam: Examination, url: URL): Promise<readonly Finding[]> {
  return await limited(exam, LIMIT, async (signal) => {
    const headers = new Headers({ accept: "application/json", "content-type": "application/x-www-form-urlencoded" });
    const response = await exam.effects.http.fetch({
      url,
      method: "POST",
      headers,
      body: "",
      signal,
      silence: SILENCE,
    });
    const answer = await readObject(exam, response, signal);
    return [judge(safeUrl(url), response.status, plainName(answer?.error))];
  });
}

function judge(where: string, status: number, error: string | null): Finding {
  const what = "token endpoint";
  if (status === 404) return fail(what, `there is nothing at ${where} (404)`, FIX);
  if (status === 407) {
    return fail(what, "the proxy asks for a login (407)", "Put user and password into HTTP_PROXY_URL.");
  }
  if (status >= 300 && status < 400) {
    return fail(
      what,
      `${where} redirects (${status}), and a token is never sent on`,
      "Set OAUTH_TOKEN_URL to where it leads.",
    );
  }
  if (status >= 500 || status === 429) {
    return warn(what, `${where} fails just now (${status})`, "Try again in a while.");
  }
  if (error === null || status < 400) {
    return warn(what, `${where} answers ${status}, but not as a token endpoint does`, FIX);
  }
  return ok(what, `${where} answers (an empty request is refused with ${error}, as it must be)`);
}
