import type { Bench, Row } from "../bench.ts";
import { type Line, missing } from "../table.ts";

const WHAT = "access token on the hot path";
const TARGET = "0 KV reads, 0 locks, < 1 µs";

/** `authorize()` alone, in this process: it is imported only here, so that a fault in it costs this row and no other. */
export const token: Row = { name: "token", run };

async function run(bench: Bench): Promise<Line[]> {
  try {
    const { measureAuthorize } = await import("../micro/authorize.ts");
    const { nanoseconds, storeCalls, lockCalls } = await measureAuthorize(11, bench.quick ? 100_000 : 500_000);
    return [{
      what: WHAT,
      target: TARGET,
      measured: `${storeCalls} KV calls, ${lockCalls} locks, ${nanoseconds.toFixed(0)} ns`,
      ok: storeCalls === 0 && lockCalls === 0 && nanoseconds < 1000,
      background: "per authorize() of an OAuth2 credential with a valid token",
    }];
  } catch (error) {
    return [missing(WHAT, TARGET, error instanceof Error ? error.message : String(error))];
  }
}
