import { assert } from "@std/assert";
import { Child } from "./child.ts";
import { gateEnvironment, type GateOptions, serveCommand } from "./gate.ts";

/**
 * Runs one of the command line's commands to its end.
 *
 * @param words the command and its arguments
 * @param stdin what is typed to it
 * @returns all that it wrote, both streams
 */
export async function runCommand(
  words: readonly string[],
  options: GateOptions,
  stdin = "",
): Promise<{ readonly code: number; readonly output: string }> {
  const [subcommand, ...args] = words;
  const program = options.command ?? await serveCommand(subcommand);
  await using child = new Child([...program, ...args], { env: gateEnvironment(options), cwd: options.home.path });
  if (stdin !== "") await child.write(stdin);
  const { code } = await child.exit();
  assert(!child.output.includes("Uncaught"), child.output);
  return { code, output: child.output };
}
