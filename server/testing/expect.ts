import { assert, assertEquals, assertMatch } from "@std/assert";
import { ERROR_RULES, type ErrorCode } from "../errors/mod.ts";

/** Holds an answer to the one error body, to the letter, and gives its message. */
export async function expectError(
  response: Response,
  status: number,
  code: ErrorCode,
  param: string | null = null,
): Promise<string> {
  const text = await response.text();
  assertEquals([response.status, response.headers.get("content-type")], [status, "application/json"], text);
  assertMatch(response.headers.get("x-request-id") ?? "", /^[A-Za-z0-9._-]{1,128}$/);
  const body: unknown = JSON.parse(text);
  const message = messageOf(body);
  assertEquals(body, { error: { message, type: ERROR_RULES[code].type, param, code }, detail: message });
  assert(message.length > 20, message);
  assertEquals(ERROR_RULES[code].status, status);
  return message;
}

function messageOf(body: unknown): string {
  assert(typeof body === "object" && body !== null && "detail" in body && typeof body.detail === "string");
  return body.detail;
}
