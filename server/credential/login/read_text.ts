import { readBody } from "../../network/mod.ts";
import { LOGIN_SILENCE, type LoginContext } from "./login.ts";

/** A login's answers are small; anything longer is not what was asked for. */
const MAX_ANSWER = 1024 * 1024;

/**
 * The text of a login's answer.
 *
 * @throws {BodyTooLargeError} when it is not small, {NetworkError} when it breaks off or stalls
 */
export async function readText(response: Response, { watchdog }: LoginContext, signal: AbortSignal): Promise<string> {
  const bytes = await readBody(response, { maxBytes: MAX_ANSWER, silence: LOGIN_SILENCE, watchdog, signal });
  return new TextDecoder().decode(bytes);
}
