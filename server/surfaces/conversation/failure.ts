import { RefusedError } from "../../conversations/mod.ts";

/** The answer for a turn that failed: the upstream's refusal crosses as it came. @throws any other failure */
export function failureAnswer(failure: Error): Response {
  if (!(failure instanceof RefusedError)) throw failure;
  const { body, status, headers } = failure.refused;
  return new Response(body, { status, headers });
}
