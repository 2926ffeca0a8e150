// deno-lint-ignore-file no-console -- this is the checker's own output
// All that can be said of the tree without running the product: deno task check.
import { generatedFiles } from "../docs/generate.ts";

const ROOT = new URL("../../", import.meta.url);

/** One check: what it found wrong, empty when nothing. */
interface Check {
  readonly name: string;
  readonly run: () => Promise<string>;
}

/** Files that must not be there. A package.json beside deno.json changes how modules are found. */
const FORBIDDEN_FILES =
  /^(package(-lock)?\.json|bun\.lock|yarn\.lock|pnpm-lock\.yaml|\.env)$|(^|\/)node_modules\/|\.(orig|rej)$/;

/** What must not stay in the code. */
const LOOSE_ENDS =
  /\b(TO[D]O|FIX[M]E|XX[X]|HA[C]K)\b|@ts-(ignore|nocheck|expect-error)|\b(test|it|describe)\.(only|skip)\b/;

const CHECKS: readonly Check[] = [
  { name: "format", run: () => deno("fmt", "--check") },
  { name: "lint", run: () => deno("lint") },
  { name: "types", run: () => deno("check") },
  { name: "lock file", run: lockFile },
  { name: "generated files", run: generated },
  { name: "public documentation", run: async () => await deno("doc", "--lint", ...await doors()) },
  { name: "architecture", run: () => deno("test", "-A", "server/architecture_test.ts") },
  {
    name: "forbidden files",
    run: async () => (await tracked()).filter((path) => FORBIDDEN_FILES.test(path)).join("\n"),
  },
  { name: "loose ends", run: looseEnds },
];

async function deno(...args: readonly string[]): Promise<string> {
  return await output(Deno.execPath(), args);
}

/** What a failing command printed; empty when it succeeds. */
async function output(command: string, args: readonly string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(command, {
    args: [...args],
    cwd: ROOT,
    env: { NO_COLOR: "1" },
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  return success ? "" : `${decoder.decode(stdout)}${decoder.decode(stderr)}`.trim() || `${command} failed`;
}

/** The files that are in the repository, or would be with the next commit. */
async function tracked(): Promise<string[]> {
  const { success, stdout } = await new Deno.Command("git", {
    args: ["ls-files", "-z", "--cached", "--others", "--exclude-standard"],
    cwd: ROOT,
  }).output();
  if (!success) throw new Error("Cannot list the files: this is no git work tree");
  const paths = new TextDecoder().decode(stdout).split("\0").filter((path) => path !== "");
  const present = await Promise.all(paths.map((path) => Deno.stat(new URL(path, ROOT)).then(() => true, () => false)));
  return paths.filter((_, i) => present[i]);
}

async function lockFile(): Promise<string> {
  return await deno("cache", "--frozen", "--quiet", ...(await tracked()).filter((path) => /(?<!\.d)\.ts$/.test(path)));
}

async function generated(): Promise<string> {
  const stale: string[] = [];
  for (const { path, text } of await generatedFiles()) {
    if (await Deno.readTextFile(new URL(path, ROOT)) !== text) stale.push(`${path} is out of date: deno task docs`);
  }
  return stale.join("\n");
}

/** What a room or a surface shows; fixtures and benchmarks are not for others. */
async function doors(): Promise<string[]> {
  const doors = (await tracked()).filter((path) => /^server\/(surfaces\/)?[^/]+\/mod\.ts$/.test(path));
  return [...doors.filter((path) => path !== "server/testing/mod.ts"), "server/app.ts"];
}

async function looseEnds(): Promise<string> {
  const found: string[] = [];
  for (const path of (await tracked()).filter((path) => /\.(ts|tsx|js|css|html)$/.test(path))) {
    const lines = (await Deno.readTextFile(new URL(path, ROOT))).split("\n");
    for (const [i, line] of lines.entries()) if (LOOSE_ENDS.test(line)) found.push(`${path}:${i + 1}: ${line.trim()}`);
  }
  return found.join("\n");
}

let failed = 0;
for (const { name, run } of CHECKS) {
  const startedAt = performance.now();
  const wrong = await run();
  const took = `(${((performance.now() - startedAt) / 1000).toFixed(1)} s)`;
  console.log(wrong === "" ? `ok    ${name} ${took}` : `FAIL  ${name} ${took}\n${wrong}\n`);
  if (wrong !== "") failed++;
}
console.log(`${CHECKS.length - failed} passed, ${failed} failed`);
Deno.exit(failed === 0 ? 0 : 1);
