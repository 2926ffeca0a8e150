import { SOAK_VARIABLE } from "./options.ts";
import type { Suite } from "./suites.ts";

/** How many of a suite's tests and steps ended how, and what it printed. */
export interface SuiteResult {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly output: string;
  /** Milliseconds. */
  readonly took: number;
}

/** How a suite is run. */
export interface SuiteOptions {
  readonly soak: boolean;
  /** Milliseconds after which it is killed and counts as failed. */
  readonly timeout: number;
  /** Ends it early. */
  readonly signal: AbortSignal;
}

/** Runs one suite as a `deno test` in a process group of its own, which does not outlive it. */
export async function runSuite(suite: Suite, { soak, timeout, signal }: SuiteOptions): Promise<SuiteResult> {
  const startedAt = performance.now();
  const junit = await Deno.makeTempFile({ prefix: "gatehouse-e2e-", suffix: ".xml" });
  const file = new URL(suite.file, import.meta.url).pathname;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["test", "-A", `--junit-path=${junit}`, file],
    env: { ...(soak ? { [SOAK_VARIABLE]: "1" } : {}), NO_COLOR: "1" },
    stdout: "piped",
    stderr: "piped",
    stdin: "null",
    detached: true,
  }).spawn();
  const kill = () => killGroup(child.pid);
  const timer = setTimeout(kill, timeout);
  signal.addEventListener("abort", kill);
  try {
    const { success, stdout, stderr } = await child.output();
    const counted = countResults(await Deno.readTextFile(junit));
    const output = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
    // A suite that did not compile, or was killed, has nothing to count but has failed.
    const failed = success ? counted.failed : Math.max(1, counted.failed);
    return { ...counted, failed, output, took: performance.now() - startedAt };
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", kill);
    killGroup(child.pid);
    await Deno.remove(junit);
  }
}

/** Counts the test cases of a JUnit report, steps included. */
export function countResults(xml: string): { passed: number; failed: number; skipped: number } {
  const result = { passed: 0, failed: 0, skipped: 0 };
  for (const [whole, selfClosed] of xml.matchAll(/<testcase\b[^>]*?(\/)?>(?:(?<!\/>)[\s\S]*?<\/testcase>)?/g)) {
    if (selfClosed === undefined && /<(failure|error)\b/.test(whole)) result.failed++;
    else if (selfClosed === undefined && /<skipped\b/.test(whole)) result.skipped++;
    else result.passed++;
  }
  return result;
}

function killGroup(leader: number): void {
  try {
    Deno.kill(-leader, "SIGKILL");
  } catch {
    // Nobody of the group is left.
  }
}
