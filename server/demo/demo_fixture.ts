import { FakeClock } from "../effects/fake_clock.ts";
import type { Clock } from "../effects/mod.ts";
import type { OAuthSettings } from "../settings/mod.ts";
import { silentLogger } from "../telemetry/mod.ts";
import { type Demo, startDemo } from "./mod.ts";

/** A running demo, for tests. */
export interface DemoFixture extends Demo {
  readonly credential: OAuthSettings;
  /** `http://127.0.0.1:<port>` of the identity provider. */
  readonly provider: string;
  /** Posts a form to the provider; the client's id is sent unless the form has one. */
  post(path: string, form: Record<string, string>): Promise<Response>;
  /** Posts to the token endpoint and reads the answer. */
  token(form: Record<string, string>): Promise<TokenAnswer>;
  /** The status of a call to the model with this access token. */
  modelStatus(accessToken: string): Promise<number>;
}

/** What the token endpoint answered. */
export interface TokenAnswer {
  readonly status: number;
  readonly access_token: string;
  readonly refresh_token: string;
  readonly expires_in: number;
  readonly scope: string;
  readonly error?: string;
}

/** Runs `test` against a demo on loopback. */
export async function withDemo(
  test: (demo: DemoFixture) => Promise<void>,
  clock: Clock = new FakeClock(),
): Promise<void> {
  const demo = await startDemo({ clock, log: silentLogger });
  try {
    const { credential } = demo.upstream;
    if (credential.kind !== "oauth2" || credential.issuer === null) {
      throw new Error("The demo has an OAuth2 credential");
    }
    const provider = credential.issuer.origin;
    const post = (path: string, form: Record<string, string>) =>
      fetch(`${provider}${path}`, {
        method: "POST",
        redirect: "manual",
        body: new URLSearchParams({ client_id: credential.clientId, ...form }),
      });
    const token = async (form: Record<string, string>) => {
      const response = await post("/token", form);
      return { ...await response.json(), status: response.status };
    };
    const modelStatus = async (accessToken: string) => {
      const url = demo.upstream.modelsUrl ?? "";
      const response = await fetch(url, { headers: { authorization: `Bearer ${accessToken}` } });
      await response.body?.cancel();
      return response.status;
    };
    await test({ ...demo, credential, provider, post, token, modelStatus });
  } finally {
    await demo.stop();
  }
}

/** The hidden token of the form on a page. */
export function formToken(page: string): string {
  return /name="form_token" value="([^"]+)"/.exec(page)?.[1] ?? "";
}
