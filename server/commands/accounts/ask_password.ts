import { Secret } from "../../secrets/mod.ts";
import type { Console } from "../console.ts";
import { UsageError } from "./arguments.ts";

/**
 * A new password: typed twice at the terminal, where nothing of it shows, or the first line of standard input. Never an
 * argument, which other users of the machine could see.
 *
 * @throws {UsageError} when there is no terminal to ask at, or the two differ
 */
export async function askPassword(console: Console, fromStdin: boolean): Promise<Secret> {
  if (fromStdin) return new Secret(await firstLine());
  if (!Deno.stdin.isTerminal()) {
    throw new UsageError(
      "There is no terminal to ask for the password; give it on standard input with --password-stdin",
    );
  }
  const first = await typed("Password: ");
  const again = await typed("Once more: ");
  if (first !== again) throw new UsageError("The two passwords differ; nothing was changed");
  console.say("");
  return new Secret(first);
}

async function firstLine(): Promise<string> {
  let text = "";
  for await (const part of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
    text += part;
    if (text.includes("\n") || text.length > 10_000) break;
  }
  return text.split(/\r?\n/)[0] ?? "";
}

const ENTER = new Set(["\r", "\n"]);
const ERASE = new Set(["\u007f", "\b"]);
const GIVE_UP = new Set(["\u0003", "\u0004"]);

/** Reads a line from the terminal without showing it. */
async function typed(prompt: string): Promise<string> {
  const encoder = new TextEncoder();
  const decoder = new TextDecoder();
  Deno.stderr.writeSync(encoder.encode(prompt));
  Deno.stdin.setRaw(true);
  try {
    const characters: string[] = [];
    const buffer = new Uint8Array(1024);
    for (;;) {
      const length = await Deno.stdin.read(buffer);
      const text = length === null ? "\u0004" : decoder.decode(buffer.subarray(0, length), { stream: true });
      for (const character of text) {
        if (GIVE_UP.has(character)) throw new UsageError("Given up; nothing was changed");
        if (ENTER.has(character)) return characters.join("");
        if (ERASE.has(character)) characters.pop();
        else characters.push(character);
      }
    }
  } finally {
    Deno.stdin.setRaw(false);
    Deno.stderr.writeSync(encoder.encode("\n"));
  }
}
