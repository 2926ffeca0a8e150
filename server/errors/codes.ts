/** What a code means on the wire: the status it answers with, OpenAI's `type` for it, and what the reader should do. */
export interface ErrorRule {
  /** The HTTP status. */
  readonly status: number;
  /** OpenAI's `type`. */
  readonly type: string;
  /** One sentence for the documentation: when this happens. */
  readonly when: string;
  /** One sentence for the documentation: what mends it. */
  readonly fix: string;
}

const rule = (status: number, type: string, when: string, fix: string): ErrorRule => ({ status, type, when, fix });

/** Every error code that Gatehouse itself can answer with. The README's troubleshooting table is made from it. */
export const ERROR_RULES = {
  invalid_json: rule(
    400,
    "invalid_request_error",
    "The body is not one JSON object, repeats a key, or is nested too deeply.",
    "Send one JSON object, each key once.",
  ),
  invalid_request: rule(
    400,
    "invalid_request_error",
    "The request cannot be understood (target, headers or form).",
    "The message names the part that is wrong.",
  ),
  model_required: rule(
    400,
    "invalid_request_error",
    "The request names no model and no default is configured.",
    "Name a `model`, or set `LLM_MODEL_NAME`.",
  ),
  invalid_grant: rule(
    400,
    "invalid_request_error",
    "A Gatehouse refresh token is unknown, expired, revoked, or was used before.",
    "Log in again: `POST /token` with name and password.",
  ),
  credential_required: rule(
    401,
    "authentication_error",
    "This request needs a Gatehouse credential: the server is not in open mode, or a reverse proxy forwarded it.",
    "Send `Authorization: Bearer <API key>`.",
  ),
  invalid_api_key: rule(
    401,
    "authentication_error",
    "The Gatehouse key or token is unknown, expired or revoked.",
    "Use a key that exists; in open mode any other dummy key will do.",
  ),
  invalid_token: rule(
    401,
    "authentication_error",
    "The Gatehouse access token is malformed, expired, revoked, or of another install.",
    "Refresh it at `POST /token`, or log in again.",
  ),
  invalid_credentials: rule(
    401,
    "authentication_error",
    "The username or the password is wrong, or the user is disabled.",
    "Check both; an administrator can set a new password.",
  ),
  invalid_ticket: rule(
    401,
    "authentication_error",
    "The WebSocket ticket is unknown, was used before, or is too old.",
    "Ask for a new one at `POST /ws-ticket`.",
  ),
  host_not_allowed: rule(
    403,
    "permission_error",
    "The `Host` of the request is not this server's: open mode answers loopback names only (DNS rebinding).",
    "Use `127.0.0.1` or `localhost`, or add the name to `ALLOWED_HOSTS`.",
  ),
  origin_not_allowed: rule(
    403,
    "permission_error",
    "A web page of another origin made this request.",
    "Add the origin to `CORS_ORIGINS` if you trust it.",
  ),
  login_required: rule(
    403,
    "permission_error",
    "An API key was shown where a login is needed: accounts, keys, credential.",
    "Send the access token of a login (`POST /token`).",
  ),
  admin_required: rule(
    403,
    "permission_error",
    "Only an administrator may do this.",
    "Ask one, or become one: `deno task gatehouse user add <name> --admin`.",
  ),
  registration_closed: rule(
    403,
    "permission_error",
    "Nobody may register here.",
    "Ask an administrator for an account, or set `REGISTRATION=open`.",
  ),
  model_not_allowed: rule(
    403,
    "permission_error",
    "The user or the key may not use this model.",
    "Choose one from `GET /v1/models`, or ask for it.",
  ),
  model_not_priced: rule(
    403,
    "permission_error",
    "A budget binds this request, and the price list does not know the model.",
    "Add the model to `PRICES_FILE`, or lift the budget.",
  ),
  not_found: rule(
    404,
    "invalid_request_error",
    "There is nothing at this path.",
    "Check the path; the API begins at `/v1`.",
  ),
  model_not_found: rule(
    404,
    "invalid_request_error",
    "The upstream's own model list does not hold this model.",
    "Choose one from `GET /v1/models`.",
  ),
  method_not_allowed: rule(
    405,
    "invalid_request_error",
    "The path exists but not for this method.",
    "Use the method that `allow` names.",
  ),
  username_taken: rule(
    409,
    "invalid_request_error",
    "There is a user of this name.",
    "Choose another name.",
  ),
  session_busy: rule(
    409,
    "invalid_request_error",
    "Another turn runs in this session.",
    "Wait for its end, or stop it: `POST /conversation/session/{id}/stop`.",
  ),
  device_login_unsupported: rule(
    409,
    "invalid_request_error",
    "The upstream's identity provider offers no login by device code, or no login is needed.",
    "Run `deno task gatehouse login --browser` on the server's machine.",
  ),
  body_too_large: rule(
    413,
    "invalid_request_error",
    "The body is longer than `MAX_BODY_BYTES`.",
    "Send less, or raise `MAX_BODY_BYTES`.",
  ),
  unsupported_media_type: rule(
    415,
    "invalid_request_error",
    "The body is not of the content type that this route reads.",
    "Send `content-type: application/json`.",
  ),
  invalid_field: rule(
    422,
    "invalid_request_error",
    "A field has the wrong type or an impossible value.",
    "`param` names the field.",
  ),
  upgrade_required: rule(
    426,
    "invalid_request_error",
    "This path is a WebSocket, and the request asks for none.",
    "Open it with a WebSocket client (`ws://…`).",
  ),
  rate_limit_exceeded: rule(
    429,
    "rate_limit_error",
    "The requests or tokens per minute of the user or the key are used up.",
    "Wait for `Retry-After`; a smaller `max_tokens` reserves less.",
  ),
  budget_exceeded: rule(
    429,
    "rate_limit_error",
    "The budget of the user or the key has no room for this request.",
    "Wait for the next day or month (`Retry-After`), ask for less, or have the budget raised.",
  ),
  too_many_attempts: rule(
    429,
    "rate_limit_error",
    "Too many failed logins or registrations for this account or from this network, or too many at once.",
    "Wait for `Retry-After`.",
  ),
  client_closed_request: rule(
    499,
    "api_error",
    "The client left before the answer (seen in logs only).",
    "Nothing to mend here; look at the client's time-out.",
  ),
  internal_error: rule(
    500,
    "api_error",
    "A fault of Gatehouse's own.",
    "Look up the `x-request-id` in the log and report it.",
  ),
  upstream_unreachable: rule(
    502,
    "api_error",
    "No connection to the model could be made (DNS, connect, TLS, proxy).",
    "Run `deno task gatehouse doctor`; check the URL, the proxy and `CA_FILE`.",
  ),
  upstream_unauthorized: rule(
    502,
    "api_error",
    "The model refused the credential even after a refresh (401), or a proxy asks for a login (407).",
    "Check scope, audience and `API_KEY_HEADER`; run `deno task gatehouse doctor`.",
  ),
  upstream_failed: rule(
    502,
    "api_error",
    "The model's answer cannot be used: the connection broke, it redirected, or it failed where no status can be passed on.",
    "Try again; the log has the details under the request id.",
  ),
  upstream_truncated: rule(
    502,
    "api_error",
    "The model's stream ended before its end mark.",
    "Try again; what came before the error is all there is.",
  ),
  credential_unavailable: rule(
    503,
    "api_error",
    "The upstream credential cannot be renewed just now: the provider is failing, or another process is renewing it.",
    "Wait for `Retry-After`; `/health` shows the last error.",
  ),
  reauth_required: rule(
    503,
    "api_error",
    "The upstream credential is no longer accepted and needs a login.",
    "Run `deno task gatehouse login`, or set a new `OAUTH_REFRESH_TOKEN`.",
  ),
  draining: rule(
    503,
    "api_error",
    "The server is stopping.",
    "Try again after `Retry-After`; another replica may answer.",
  ),
  storage_unavailable: rule(
    503,
    "api_error",
    "The store cannot be read or written.",
    "Check the disk, `DATA_DIR` and its rights; `/health/ready` tells when it is back.",
  ),
  tool_results_missing: rule(
    504,
    "api_error",
    "The model waits for tool results, and none came for five minutes.",
    "Answer every `function_call_request` by `tool_result`, with an error if need be.",
  ),
  upstream_timeout: rule(
    504,
    "api_error",
    "The model stayed silent for `LLM_REQUEST_TIMEOUT`, or took longer than `LLM_TOTAL_TIMEOUT`.",
    "Raise the limit, or ask for less.",
  ),
} as const satisfies Record<string, ErrorRule>;

/** The literal union that every `error.code` of Gatehouse's own is taken from. */
export type ErrorCode = keyof typeof ERROR_RULES;
