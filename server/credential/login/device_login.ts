import * as oauth from "oauth4webapi";
import { delay } from "../../effects/mod.ts";
import { clientAuthOf, clientOf, protocolOptions } from "../oauth_protocol.ts";
import type { Along } from "../credential_store.ts";
import { recordOf } from "../record.ts";
import { readTokenAnswer, type TokenAnswer } from "../token_answer.ts";
import { LOGIN_SILENCE, type LoginContext, LoginError, serverOf } from "./login.ts";
import { readText } from "./read_text.ts";

/** What the person is shown. */
export interface DevicePrompt {
  /** What the person types in there. */
  readonly userCode: string;
  /** The page to open, on any device. */
  readonly verificationUri: string;
  /** With the code in it, if the provider gives one. */
  readonly verificationUriComplete: string | null;
  /** Seconds. */
  readonly expiresIn: number;
  /** Seconds between two questions. */
  readonly interval: number;
}

/** A device login under way. */
export interface DeviceLogin {
  /** What to show. */
  readonly prompt: DevicePrompt;
  /**
   * Asks the provider until the person has decided, and stores the credential.
   *
   * @param along what must hold and is written in one commit with the credential; what it throws ends the login
   * @throws {LoginError} `denied`, `expired`, `failed`
   * @throws the signal's reason
   */
  finish(signal: AbortSignal, along?: () => Promise<Along>): Promise<void>;
}

const GRANT = "urn:ietf:params:oauth:grant-type:device_code";
/** RFC 8628 §3.5: what `slow_down` adds, and the interval where none is given. */
const FIVE_SECONDS = 5;

/**
 * Begins the device authorization grant.
 *
 * @throws {LoginError} `unsupported` when the provider has no device endpoint, else `failed`
 * @see RFC 8628
 */
export async function startDeviceLogin(context: LoginContext, signal: AbortSignal): Promise<DeviceLogin> {
  const { settings, http, clock, store } = context;
  const server = await serverOf(context, signal);
  if (server.device_authorization_endpoint === undefined) {
    throw new LoginError(
      "unsupported",
      "Cannot log in by device code: the provider names no device endpoint; set OAUTH_DEVICE_URL or use the browser login",
    );
  }
  const options = protocolOptions({ http, signal, silence: LOGIN_SILENCE, attempts: 2 });
  const asked = clock.monotonic();
  const response = await oauth.deviceAuthorizationRequest(
    server,
    clientOf(settings),
    clientAuthOf(settings),
    parameters(context),
    options,
  );
  const answer = parsePrompt(response.status, await readText(response, context, signal));

  return {
    prompt: answer.prompt,
    async finish(signal, along) {
      let { interval } = answer.prompt;
      for (;;) {
        const left = Math.max(0, answer.prompt.expiresIn * 1000 - (clock.monotonic() - asked));
        await delay(clock, Math.min(interval * 1000, left), signal);
        if (interval * 1000 > left) {
          throw new LoginError("expired", "The code has expired before it was confirmed; begin again");
        }
        const poll = await ask(answer.deviceCode, signal);
        switch (poll.next) {
          case "done":
            return await store.replace(recordOf(poll.tokens, null), along);
          case "pending":
            break;
          case "slow_down":
            interval += FIVE_SECONDS;
            break;
          case "back_off":
            // RFC 8628 §3.5: on a time-out, ask less often; never more often than the provider wants.
            interval = Math.max(interval, Math.min(interval * 2, 60));
        }
      }
    },
  };

  async function ask(deviceCode: string, signal: AbortSignal): Promise<Poll> {
    const options = protocolOptions({ http, signal, silence: LOGIN_SILENCE });
    const form = new URLSearchParams({ ...Object.fromEntries(settings.extraParams), device_code: deviceCode });
    const sentAt = clock.now();
    let status: number, text: string;
    try {
      const response = await oauth.genericTokenEndpointRequest(
        server,
        clientOf(settings),
        clientAuthOf(settings),
        GRANT,
        form,
        options,
      );
      status = response.status;
      text = await readText(response, context, signal);
    } catch {
      if (signal.aborted) throw signal.reason;
      return { next: "back_off" };
    }
    return judge(readTokenAnswer(status, null, text, sentAt), text);
  }
}

type Poll =
  | { readonly next: "done"; readonly tokens: Extract<TokenAnswer, { kind: "tokens" }>["tokens"] }
  | { readonly next: "pending" | "slow_down" | "back_off" };

function judge(answer: TokenAnswer, text: string): Poll {
  if (answer.kind === "tokens") return { next: "done", tokens: answer.tokens };
  if (answer.kind === "busy" || answer.kind === "lost") return { next: "back_off" };
  switch (/"error"\s*:\s*"([a-z_]{1,40})"/.exec(text)?.[1]) {
    case "authorization_pending":
      return { next: "pending" };
    case "slow_down":
      return { next: "slow_down" };
    case "access_denied":
      throw new LoginError("denied", "The login was denied at the provider");
    case "expired_token":
      throw new LoginError("expired", "The code has expired before it was confirmed; begin again");
  }
  throw new LoginError("failed", `The login failed: ${answer.reason}`);
}

function parameters({ settings }: LoginContext): URLSearchParams {
  const form = new URLSearchParams(settings.extraParams.map(([name, value]) => [name, value]));
  if (settings.scope !== null) form.set("scope", settings.scope);
  return form;
}

function parsePrompt(status: number, text: string): { readonly deviceCode: string; readonly prompt: DevicePrompt } {
  const failed = new LoginError(
    "failed",
    `Cannot begin the device login: the provider answered ${status}; check OAUTH_CLIENT_ID, OAUTH_SCOPE and OAUTH_DEVICE_URL`,
  );
  let body: Record<string, unknown>;
  try {
    body = JSON.parse(text) as Record<string, unknown>; // its fields are checked one by one below
  } catch {
    throw failed;
  }
  const {
    device_code,
    user_code,
    verification_uri,
    verification_url,
    verification_uri_complete,
    expires_in,
    interval,
  } = body ?? {};
  const uri = verification_uri ?? verification_url; // Google's older spelling
  if (status !== 200 || typeof device_code !== "string" || typeof user_code !== "string" || typeof uri !== "string") {
    throw failed;
  }
  return {
    deviceCode: device_code,
    prompt: {
      userCode: user_code,
      verificationUri: uri,
      verificationUriComplete: typeof verification_uri_complete === "string" ? verification_uri_complete : null,
      expiresIn: seconds(expires_in) ?? 900,
      interval: seconds(interval) ?? FIVE_SECONDS,
    },
  };
}

function seconds(value: unknown): number | null {
  const number = typeof value === "string" ? Number(value) : value;
  return typeof number === "number" && Number.isFinite(number) && number > 0 ? number : null;
}
