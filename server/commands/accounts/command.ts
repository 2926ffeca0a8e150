import { GatehouseError } from "../../errors/mod.ts";
import type { Console } from "../console.ts";
import { explain } from "../explain.ts";
import { type Arguments, type ArgumentShape, readArguments, UsageError } from "./arguments.ts";
import { GivenUp } from "./hidden_lines.ts";
import { type AccountRooms, withAccounts } from "./rooms.ts";

/** What a command does once the store is open. @returns the exit code */
export type AccountAction = (rooms: AccountRooms, console: Console) => Promise<number>;

/** One command on accounts. */
export interface AccountCommand extends ArgumentShape {
  /** What it does, for the help. */
  readonly does: string;
  /** @throws {UsageError} for what it does not take: before the store is opened */
  prepare(given: Arguments): AccountAction;
}

/**
 * Runs one of several commands of a name: `gatehouse user add …`.
 *
 * @returns the exit code: 0; 1 when it could not be done; 2 for arguments that it does not take; 130 when given up
 */
export async function runCommand(
  commands: Readonly<Record<string, AccountCommand>>,
  [name = "", ...rest]: readonly string[],
  console: Console,
): Promise<number> {
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command !== undefined) return await runOne(command, rest, console);
  const asked = name === "help" || isHelp(name);
  for (const line of helpOf(Object.values(commands))) asked ? console.say(line) : console.complain(line);
  return asked ? 0 : 2;
}

/** Runs a command that stands alone: `gatehouse usage …`. @returns the exit code, as {@linkcode runCommand} */
export async function runOne(command: AccountCommand, args: readonly string[], console: Console): Promise<number> {
  if (args.some(isHelp)) {
    for (const line of helpOf([command])) console.say(line);
    return 0;
  }
  return await told(console, async () => {
    const action = command.prepare(readArguments(args, command));
    return await withAccounts(console, (rooms) => action(rooms, console));
  });
}

/** Runs it, and tells what went wrong. @returns the exit code */
export async function told(console: Console, run: () => Promise<number>): Promise<number> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof UsageError) return complain(console, error.message, 2);
    if (error instanceof GivenUp) return complain(console, error.message, 130);
    if (error instanceof GatehouseError) return complain(console, explain(error), 1);
    throw error;
  }
}

function complain(console: Console, message: string, code: number): number {
  console.complain(message);
  return code;
}

function isHelp(argument: string): boolean {
  return argument === "--help" || argument === "-h";
}

function helpOf(commands: readonly AccountCommand[]): string[] {
  return [
    "Usage: deno task gatehouse …",
    ...commands.flatMap((
      { usage, does },
    ) => ["", ...usage.map((line, i) => `${i === 0 ? "  " : "    "}${line}`), `      ${does}`]),
  ];
}
