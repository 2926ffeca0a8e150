/** A refusal with OpenAI's body. */
export class OpenAIError extends Error {
  override readonly name = "OpenAIError";
  readonly status: number;
  readonly code: string | null;
  readonly param: string | null;

  constructor(status: number, message: string, details: { code?: string; param?: string } = {}) {
    super(message);
    this.status = status;
    this.code = details.code ?? null;
    this.param = details.param ?? null;
  }

  toResponse(): Response {
    const { message, status, param, code } = this;
    const type = status >= 500 ? "server_error" : "invalid_request_error";
    const headers = status === 401 ? { "www-authenticate": 'Bearer error="invalid_token"' } : undefined;
    return Response.json({ error: { message, type, param, code } }, { status, ...(headers && { headers }) });
  }
}
