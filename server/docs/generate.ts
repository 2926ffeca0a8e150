// Writes what is generated from the code: deno task docs. `deno task check` compares.
import { ERROR_RULES } from "../errors/mod.ts";
import { envExample, settingsTable } from "../settings/mod.ts";

/** A file as it should be. */
export interface Generated {
  /** Relative to the root of the repository. */
  readonly path: string;
  readonly text: string;
}

const ROOT = new URL("../../", import.meta.url);

/** The error codes as a Markdown table. */
export function errorsTable(): string {
  const rows = Object.entries(ERROR_RULES).map(([code, { status, when, fix }]) => [`\`${code}\``, status, when, fix]);
  const lines = [["code", "status", "when", "what mends it"], ...rows].map((row) =>
    `| ${row.map((cell) => String(cell).replaceAll("|", "\\|")).join(" | ")} |`
  );
  return [lines[0], "|---|---|---|---|", ...lines.slice(1)].join("\n");
}

/**
 * Puts each block in place of what stands between its markers (`<!-- settings -->` and `<!-- /settings -->`).
 *
 * @throws {Error} for a marker without its end
 */
export function fillBlocks(text: string, blocks: Readonly<Record<string, string>>): string {
  return Object.entries(blocks).reduce((filled, [name, block]) => {
    const [open, close] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
    const start = filled.indexOf(open);
    if (start === -1) return filled;
    const end = filled.indexOf(close, start);
    if (end === -1) throw new Error(`Cannot fill ${open}: ${close} is missing`);
    return `${filled.slice(0, start + open.length)}\n\n${block.trim()}\n\n${filled.slice(end)}`;
  }, text);
}

/** Every file that is made from the code, wholly or between markers. */
export async function generatedFiles(): Promise<Generated[]> {
  const blocks = { errors: errorsTable(), settings: settingsTable() };
  const files: Generated[] = [{ path: ".env.example", text: envExample() }];
  for (const path of ["README.md", ...await guides()]) {
    files.push({ path, text: fillBlocks(await Deno.readTextFile(new URL(path, ROOT)), blocks) });
  }
  return files;
}

async function guides(): Promise<string[]> {
  const entries = await Array.fromAsync(Deno.readDir(new URL("server/docs/", ROOT)));
  return entries.filter(({ name }) => name.endsWith(".md")).map(({ name }) => `server/docs/${name}`).sort();
}

if (import.meta.main) {
  for (const { path, text } of await generatedFiles()) await Deno.writeTextFile(new URL(path, ROOT), text);
}
