import { encodeFrame, OPCODE } from "../http/frame_fixture.ts";
import { rpc } from "./realtime_raw.ts";

/** Numbers that look random, and are the same for the same seed (mulberry32). */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** A whole number from 0 to `sides` - 1. */
  roll(sides: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % sides;
  }

  /** One of them. */
  pick<T>(...choices: readonly [T, ...T[]]): T {
    return choices[this.roll(choices.length)] ?? choices[0];
  }

  bytes(length: number): Uint8Array<ArrayBuffer> {
    return Uint8Array.from({ length }, () => this.roll(256));
  }
}

const HISTORY = [{ role: "user", content: "now" }];
const TOOL = { name: "f", parameters: { type: "object" } };

/** Requests that are good, as what they are made from. */
const GOOD = [
  rpc(1, "generate", { message: "now" }),
  rpc("two", "generate", { history: HISTORY, temperature: 0.5, tools: [TOOL] }),
  rpc(3, "tool_result", { task_id: "x", results: [{ tool_call_id: "c", tool_name: "f", result: { a: [1, null] } }] }),
  rpc(null, "cancel", {}),
  `[${rpc(5, "cancel", {})},${rpc(6, "none", [])},${rpc(7, "generate", { history: HISTORY })}]`,
  "now",
] as const;

/** Bytes to send on an open WebSocket: good frames, and what becomes of them by chance. */
export function noise(dice: Dice): Uint8Array<ArrayBuffer> {
  const text = new TextEncoder().encode(dice.pick(...GOOD));
  switch (dice.roll(30)) {
    case 0:
      return encodeFrame({ opcode: OPCODE.text, payload: mangled(text, dice) });
    case 1:
      return encodeFrame({ opcode: dice.roll(16), payload: mangled(text, dice).slice(0, 125), fin: dice.roll(4) > 0 });
    case 2:
      return mangled(encodeFrame({ opcode: OPCODE.text, payload: text }), dice);
    case 3:
      return encodeFrame({ opcode: OPCODE.text, payload: dice.bytes(dice.roll(300)) });
    case 4:
      return dice.bytes(dice.roll(64));
    default:
      return encodeFrame({ opcode: OPCODE.text, payload: text });
  }
}

/** With some bytes changed, left out, doubled. */
function mangled(bytes: Uint8Array<ArrayBuffer>, dice: Dice): Uint8Array<ArrayBuffer> {
  const list = [...bytes];
  for (let n = dice.roll(4); n >= 0; n--) {
    const at = dice.roll(list.length);
    const other = dice.roll(256);
    list.splice(at, dice.roll(3), ...dice.pick<number[]>([], [other], [other, other], list.slice(at, at + 20)));
  }
  return Uint8Array.from(list);
}
