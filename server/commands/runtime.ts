/** The version that is developed and tested with. */
export const TESTED_DENO = "2.8.2";

/**
 * A warning for a Deno whose server does not report a client that leaves while its request is pending: such a request
 * would go on at the upstream, and be paid for. Null for any other version.
 *
 * @param version `Deno.version.deno`
 * @see https://github.com/denoland/deno/pull/34446
 */
export function runtimeWarning(version: string): string | null {
  const [major = 0, minor = 0, patch = 0] = version.split(/[.+-]/).map(Number);
  const bad = major === 2 && ((minor === 8 && patch >= 3) || minor === 9);
  if (!bad) return null;
  return `Deno ${version} does not report clients that leave before the first byte, so their upstream requests are not aborted: use Deno ${TESTED_DENO} (npx -y deno@${TESTED_DENO} task serve)`;
}
