import { escapeAt } from "./json_escape.ts";
import { scanObject } from "./json_scan.ts";
import { latin1 } from "./latin1.ts";

/**
 * The beginning of a string that the model says. In JSON only a key is followed by a colon, and a name within a string
 * has escaped quotes: what a model prints is not taken for structure.
 */
const BEGINNING = /(?<!\\)"(?:content|reasoning_content|reasoning|refusal|arguments|text)"[ \t]{0,8}:[ \t]{0,8}"/;
/** No beginning is longer, the character before it included. */
const LONGEST_BEGINNING = 40;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const LF = 0x0a;
const CR = 0x0d;

/**
 * Counts what a model says in JSON text: the UTF-8 bytes of the strings under `content`, `reasoning_content`,
 * `reasoning`, `refusal`, `arguments` and `text`, wherever they stand. The text comes in any portions (bytes as
 * Latin-1); the count does not depend on them. A string ends with its line at the latest.
 */
export class ContentBytes {
  /** Of its own, because it remembers a place. */
  readonly #beginning = new RegExp(BEGINNING, "g");
  #count = 0;
  #within = false;
  /** What cannot be judged before more is known: a piece of a beginning or of an escape. */
  #rest = "";

  /** Bytes so far. */
  get count(): number {
    return this.#count;
  }

  /** Reads on where the last portion ended. */
  read(portion: string): void {
    const text = this.#rest + portion;
    const at = this.#readOn(text);
    this.#rest = text.slice(this.#within ? at : Math.max(at, text.length - LONGEST_BEGINNING));
  }

  /** As `read`, for a portion that ends with the end of a line. */
  readLines(portion: string): void {
    this.#readOn(this.#rest === "" ? portion : this.#rest + portion);
    this.#within = false;
    this.#rest = "";
  }

  /** Returns the index to which all is judged, but for the piece of a beginning. */
  #readOn(text: string): number {
    let at = this.#within ? this.#readString(text, 0) : 0;
    while (!this.#within) {
      this.#beginning.lastIndex = at;
      if (!this.#beginning.test(text)) break;
      at = this.#readString(text, this.#beginning.lastIndex);
    }
    return at;
  }

  /** Counts from within a string on, and returns the index after it, or where more must be known. */
  #readString(text: string, from: number): number {
    this.#within = true;
    let at = from;
    let bytes = 0;
    while (at < text.length) {
      const code = text.charCodeAt(at);
      if (code === QUOTE || code === LF || code === CR) {
        this.#within = false;
        at++;
        break;
      }
      if (code !== BACKSLASH) {
        bytes++;
        at++;
        continue;
      }
      const escape = escapeAt(text, at);
      if (escape.length === 0) break;
      bytes += escape.bytes;
      at += escape.length;
    }
    this.#count += bytes;
    return at;
  }
}

/**
 * What the model says in a whole JSON answer, in UTF-8 bytes: see {@linkcode ContentBytes}, within its `choices`.
 *
 * @param bytes the answer
 * @returns 0 if it is no JSON object or has no `choices`
 */
export function saidInJson(bytes: Uint8Array): number {
  const scan = scanObject(bytes);
  const span = scan.ok ? scan.members.get("choices") : undefined;
  if (span === undefined) return 0;
  const content = new ContentBytes();
  content.read(latin1(bytes.subarray(span.start, span.end)));
  return content.count;
}
