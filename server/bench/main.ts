// deno-lint-ignore-file no-console -- a command-line program
import { Bench } from "./bench.ts";
import { killAll } from "./child.ts";
import { divideCores } from "./machine.ts";
import { HELP, parseOptions } from "./options.ts";
import { ROWS } from "./rows/mod.ts";
import { type Line, missing, table } from "./table.ts";

const options = parseOptions(Deno.args, ROWS.map((row) => row.name));
if (typeof options === "string") {
  console.error(options);
  Deno.exit(2);
}
if (options.help) {
  console.log(HELP(ROWS.map((row) => row.name)));
  Deno.exit(0);
}

const folder = await Deno.makeTempDir({ prefix: "gatehouse-bench-" });
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.addSignalListener(signal, () => {
    killAll();
    Deno.removeSync(folder, { recursive: true });
    Deno.exit(130);
  });
}

const begin = performance.now();
const cores = await divideCores();
const lines: Line[] = [];
let failed = false;
try {
  const bench = await Bench.open({ ...options, folder, cores });
  try {
    for (const row of ROWS) {
      if (options.only !== null && !options.only.includes(row.name)) continue;
      const rowBegin = performance.now();
      try {
        lines.push(...await row.run(bench));
      } catch (error) {
        failed = true;
        lines.push(missing(row.name, "", error instanceof Error ? error.message : String(error)));
      }
      console.error(`${row.name} took ${((performance.now() - rowBegin) / 1000).toFixed(1)} s`);
    }
  } finally {
    await bench.close();
  }
} finally {
  await Deno.remove(folder, { recursive: true });
}

console.log(table(lines));
console.log(
  `\nDeno ${Deno.version.deno}, ${navigator.hardwareConcurrency} cores, ${
    cores.server === null
      ? "no core of its own for the server"
      : "the server alone on one core, loader and upstream on another"
  }; ${((performance.now() - begin) / 1000).toFixed(0)} s. Ratios come from interleaved rounds of this run.`,
);
Deno.exit(failed ? 1 : 0);
