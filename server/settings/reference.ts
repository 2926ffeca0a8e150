import { type Variable, VARIABLE_GROUPS } from "./variables/mod.ts";

/** `.env.example`: every variable, its help and its default, all commented out. */
export function envExample(): string {
  const lines = [
    "# Settings of Gatehouse: copy this file to .env, and remove the # before what you set.",
    "# The environment wins over .env; an empty value counts as unset. Put values with # or spaces in single quotes.",
    "# This file is generated: deno task docs",
  ];
  for (const { title, variables } of VARIABLE_GROUPS) {
    lines.push("", "", `# ${title}`);
    for (const [name, variable] of Object.entries(variables)) {
      lines.push("", `# ${variable.help}`, `#   ${valueText(variable)}`, `# ${name}=${variable.default ?? ""}`);
    }
  }
  return `${lines.join("\n")}\n`;
}

/** The settings part of `--help`. */
export function settingsHelp(): string {
  const lines = ["Settings (environment, or .env in the working directory):"];
  for (const { title, variables } of VARIABLE_GROUPS) {
    lines.push("", `${title}:`);
    for (const [name, variable] of Object.entries(variables)) {
      lines.push(`  ${name}`, `      ${variable.help}`, `      ${valueText(variable)}`);
    }
  }
  return `${lines.join("\n")}\n`;
}

/** The settings as Markdown: one table a group. */
export function settingsTable(): string {
  const parts: string[] = [];
  for (const { title, variables } of VARIABLE_GROUPS) {
    parts.push(`### ${title}`, "", "| name | what it does | value | default |", "|---|---|---|---|");
    for (const [name, variable] of Object.entries(variables)) {
      const standard = variable.default === undefined ? variable.unset ?? "" : `\`${variable.default}\``;
      const cells = [`\`${name}\``, variable.help, secretly(variable), standard];
      parts.push(`| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`);
    }
    parts.push("");
  }
  return parts.join("\n");
}

function valueText(variable: Variable<unknown>): string {
  const standard = variable.default ?? variable.unset;
  return `Value: ${secretly(variable)}${standard === undefined ? "" : `. Default: ${standard}`}`;
}

function secretly({ type }: Variable<unknown>): string {
  return type.secret ? `${type.expected} (secret)` : type.expected;
}
