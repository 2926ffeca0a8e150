/** Answers one token request, given its form. */
export type TokenAnswerer = (form: URLSearchParams, count: number) => Response | Promise<Response>;

/** A token endpoint that answers as the test says: by default with new tokens that live an hour. */
export class MockProvider implements AsyncDisposable {
  readonly forms: URLSearchParams[] = [];
  answer: TokenAnswerer = (_form, count) => tokens(count);
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  constructor() {
    this.#server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
      const form = new URLSearchParams(await request.text());
      this.forms.push(form);
      return await this.answer(form, this.forms.length);
    });
  }

  /** The settings of a refresh token at this provider. */
  get env(): Record<string, string> {
    return {
      OAUTH_TOKEN_URL: `http://127.0.0.1:${this.#server.addr.port}/token`,
      OAUTH_CLIENT_ID: "gate",
      OAUTH_REFRESH_TOKEN: "refresh-0",
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }
}

/** The `count`th pair of tokens. */
export function tokens(count: number, extra: Record<string, unknown> = {}): Response {
  return Response.json({
    access_token: `access/${count}+x=`,
    token_type: "Bearer",
    expires_in: 3600,
    refresh_token: `refresh-${count}`,
    ...extra,
  });
}
