// deno-lint-ignore-file no-console -- this is the runner's own output
// Runs the end-to-end suites, two at a time: deno task e2e [--filter name]; deno task soak for the full counts.
import { parseArgs } from "node:util";
import { runSuite } from "./run_suite.ts";
import { SUITES } from "./suites.ts";

const AT_A_TIME = 2;
const MINUTE = 60_000;

const { values } = parseArgs({
  args: Deno.args,
  options: { soak: { type: "boolean", default: false }, filter: { type: "string", default: "" } },
});
const chosen = SUITES.filter(({ name }) => name.includes(values.filter));
if (chosen.length === 0) {
  console.error(`No suite is named like "${values.filter}": ${SUITES.map(({ name }) => name).join(", ")}`);
  Deno.exit(1);
}

const stopping = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) Deno.addSignalListener(signal, () => stopping.abort());

// The suites' children get an environment without a proxy: what they import is fetched before.
const fixtures = ["provider_process.ts", "upstream_process.ts", "aimock_process.ts", "../main.ts"];
const { success: isFetched } = await new Deno.Command(Deno.execPath(), {
  args: ["cache", "--quiet", ...fixtures.map((file) => new URL(file, import.meta.url).pathname)],
  stdout: "inherit",
  stderr: "inherit",
}).output();
if (!isFetched) Deno.exit(1);

const total = { passed: 0, failed: 0, skipped: 0 };
const waiting = [...chosen];
async function work(): Promise<void> {
  for (let suite = waiting.shift(); suite !== undefined && !stopping.signal.aborted; suite = waiting.shift()) {
    const timeout = values.soak ? 180 * MINUTE : 4 * MINUTE;
    const result = await runSuite(suite, { soak: values.soak, timeout, signal: stopping.signal });
    total.passed += result.passed;
    total.failed += result.failed;
    total.skipped += result.skipped;
    console.log(result.output.trimEnd());
    console.log(`== ${suite.name}: ${line(result)} (${(result.took / 1000).toFixed(1)} s)\n`);
  }
}

function line({ passed, failed, skipped }: typeof total): string {
  return `${passed} passed, ${failed} failed${skipped === 0 ? "" : `, ${skipped} skipped`}`;
}

await Promise.all(Array.from({ length: AT_A_TIME }, work));
if (stopping.signal.aborted) total.failed++;
console.log(line(total));
Deno.exit(total.failed === 0 ? 0 : 1);
