import type { TurnRequest } from "../../conversations/mod.ts";
import { type Exchange, isId, unknown } from "../../http/mod.ts";
import type { TurnBody } from "./schemas.ts";
import { settingsOf } from "./settings_fields.ts";

/** Milliseconds that a streamed reply runs on after its last reader has left. */
const GRACE = 20_000;

/**
 * What is asked of the turns. What a first message says of the model becomes the new session's; later it holds for
 * that turn alone.
 *
 * @throws {GatehouseError} `not_found`: the session's id is none
 */
export function turnRequest(body: TurnBody, { who, signal, headers, startedAt, log }: Exchange): TurnRequest {
  const sessionId = body.session_id ?? null;
  if (sessionId !== null && !isId(sessionId)) throw unknown("session");
  const { model, temperature, system_prompt } = body;
  const settings = settingsOf({
    ...(isGiven(model) ? { model } : {}),
    ...(isGiven(temperature) ? { temperature } : {}),
    ...(isGiven(system_prompt) ? { system_prompt } : {}),
  });
  return {
    who,
    sessionId,
    ...(sessionId === null ? { newSession: { settings } } : { settings }),
    content: body.message,
    metadata: body.metadata ?? null,
    replaceFrom: body.replace_from ?? null,
    grace: body.stream ?? true ? GRACE : null,
    signal,
    headers,
    startedAt,
    log,
  };
}

function isGiven<T>(value: T | null | undefined): value is T {
  return value !== null && value !== undefined;
}
