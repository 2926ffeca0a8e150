import { GatehouseError } from "../../errors/mod.ts";
import { Secret } from "../../secrets/mod.ts";
import { UsageError } from "./arguments.ts";
import { hiddenLines } from "./hidden_lines.ts";

/**
 * A new password: typed twice at the terminal, where nothing of it shows, or the first line of standard input. Never an
 * argument, which other users of the machine could see.
 *
 * @throws {UsageError} when there is no terminal to ask at
 * @throws {GatehouseError} `invalid_field` when the two differ
 * @throws {GivenUp} on Ctrl-C
 */
export async function askPassword(fromStdin: boolean): Promise<Secret> {
  if (fromStdin) return new Secret(await firstLine());
  if (!Deno.stdin.isTerminal()) {
    throw new UsageError(
      "There is no terminal to ask for the password; give it on standard input with --password-stdin",
    );
  }
  const encoder = new TextEncoder();
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(1024);
  const keyboard = {
    async read() {
      const length = await Deno.stdin.read(buffer);
      return length === null ? null : decoder.decode(buffer.subarray(0, length), { stream: true });
    },
    show: (text: string) => void Deno.stderr.writeSync(encoder.encode(text)),
  };
  Deno.stdin.setRaw(true);
  try {
    const [first = "", again] = await hiddenLines(keyboard, ["Password (8 characters or more): ", "Once more: "]);
    if (first === again) return new Secret(first);
  } finally {
    Deno.stdin.setRaw(false);
  }
  throw new GatehouseError("invalid_field", "The two passwords differ; nothing was changed.");
}

async function firstLine(): Promise<string> {
  let text = "";
  for await (const part of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
    text += part;
    if (text.includes("\n") || text.length > 10_000) break;
  }
  return text.split(/\r?\n/)[0] ?? "";
}
