import { Secret } from "../secrets/mod.ts";
import type { LogFields } from "./log.ts";

/** What is left of a field when it is fit to print: JSON and nothing more. */
export type Plain = null | boolean | number | string | readonly Plain[] | { readonly [name: string]: Plain };

/** How much of a line's fields is printed. */
export interface RedactOptions {
  /** Print the stack of errors too. */
  readonly stacks: boolean;
  /** Kept from line to line. @default {a new one} */
  readonly names?: FieldNames;
}

const MAX_TEXT = 2048;
const MAX_NAME = 128;
const MAX_KNOWN_NAMES = 1024;
const MAX_ITEMS = 64;
const MAX_DEPTH = 8;
/** Characters that the fields of one line may cost altogether. */
const LINE_BUDGET = 32_768;

const CREDENTIAL_NAME = new RegExp(
  "authori[sz]ation|token|passw|passphrase|pwd|secret|cookie|credential|jwt|bearer|assertion|verifier|ticket|" +
    "(?:device|auth)[-_. ]?code|(?:api|private|client|access|signing|sealing|encryption|gatehouse)[-_. ]?key",
  "i",
);
/** Names about a credential rather than holding one: `token_url`, `access_token_expires_at`, `credentialState`. */
const ABOUT_CREDENTIAL = new RegExp(
  "(?:[-_.](?:url|endpoint|type|state|name|variable|fingerprint|count|at|in|ms|seconds)|" +
    "[a-z](?:Url|Endpoint|Type|State|Name|Variable|Fingerprint|Count|At|In|Ms|Seconds))$",
);
const BEARER = /bearer\s/i;
/** Our own credentials, wherever they stand: people put them into paths. A key's first 15 characters only name it. */
const OWN_KEY = /(gh_[0-9a-z]{12})\w+/gi;
const OWN_TOKEN = /(gh[rt]_)[\w.-]+/gi;
const JWT = /\beyJ[\w-]{8,}(?:\.[\w-]*){1,2}/g;
const TOKEN_COUNT = /tokens$/i;

/** Makes the fields of one line fit to print; later sets win. Never throws. */
export function redactFields(sets: readonly LogFields[], options: RedactOptions): Record<string, Plain> {
  return new Redaction(options).fields(sets);
}

/** What is to be known of a field's name. */
interface FieldName {
  readonly clean: string;
  readonly credential: boolean;
}

/** Field names judged already: a program uses few, and judging one costs more than all else in a line. */
export class FieldNames {
  readonly #known = new Map<string, FieldName>();

  get(name: string): FieldName {
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const credential = CREDENTIAL_NAME.test(name) && !ABOUT_CREDENTIAL.test(name);
    const judged = { clean: redactText(name).slice(0, MAX_NAME), credential };
    if (this.#known.size < MAX_KNOWN_NAMES && name.length <= MAX_NAME) this.#known.set(name, judged);
    return judged;
  }
}

/** Cleans text that may quote a URL or an authorization header, and caps its length. */
export function redactText(text: string): string {
  let clean = text;
  if (clean.includes("//")) {
    clean = clean.replace(/\/\/[^\s/?#]*@/g, "//").replace(/:\/\/\S*/g, withoutQuery);
  }
  if (BEARER.test(clean)) clean = clean.replace(/\bbearer\s+[^\s"']+/gi, "Bearer [masked]");
  if (clean.includes("gh") || clean.includes("GH")) {
    clean = clean.replace(OWN_KEY, "$1[masked]").replace(OWN_TOKEN, "$1[masked]");
  }
  if (clean.includes("eyJ")) clean = clean.replace(JWT, "[masked]");
  return clean.length > MAX_TEXT ? `${clean.slice(0, MAX_TEXT)}[+${clean.length - MAX_TEXT} characters]` : clean;
}

function withoutQuery(url: string): string {
  const end = url.search(/[?#]/);
  return end < 0 ? url : `${url.slice(0, end)}?[masked]`;
}

class Redaction {
  readonly #stacks: boolean;
  readonly #names: FieldNames;
  readonly #ancestors = new Set<object>();
  #budget = LINE_BUDGET;

  constructor(options: RedactOptions) {
    this.#stacks = options.stacks;
    this.#names = options.names ?? new FieldNames();
  }

  fields(sets: readonly LogFields[]): Record<string, Plain> {
    const out: Record<string, Plain> = Object.create(null);
    for (const set of sets) {
      try {
        this.#properties(set, 0, out);
      } catch {
        out.fields = "[unreadable]";
      }
    }
    return out;
  }

  #value(value: unknown, depth: number): Plain {
    this.#budget -= 8;
    switch (typeof value) {
      case "string":
        return this.#text(value);
      case "number":
        return Number.isFinite(value) ? value : String(value);
      case "boolean":
        return value;
      case "undefined":
        return null;
      case "bigint":
      case "symbol":
        return this.#text(String(value));
      case "function":
        return "[function]";
      case "object":
        return value === null ? null : this.#guarded(value, depth);
    }
  }

  #guarded(value: object, depth: number): Plain {
    if (depth > MAX_DEPTH || this.#budget <= 0) return "[...]";
    if (this.#ancestors.has(value)) return "[circular]";
    this.#ancestors.add(value);
    try {
      return this.#object(value, depth);
    } catch {
      return "[unreadable]";
    } finally {
      this.#ancestors.delete(value);
    }
  }

  #object(value: object, depth: number): Plain {
    if (value instanceof Secret) return value.toString();
    if (value instanceof Error) return this.#error(value);
    if (value instanceof URL) return this.#text(value.href);
    if (value instanceof Request) return { method: this.#text(value.method), url: this.#text(value.url) };
    if (value instanceof Response) return { status: value.status, url: this.#text(value.url) };
    if (value instanceof Headers || value instanceof URLSearchParams || value instanceof FormData) {
      return this.#list([...new Set(value.keys())], depth);
    }
    if (value instanceof Date) return Number.isNaN(value.getTime()) ? "Invalid Date" : value.toISOString();
    if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return `[${value.byteLength} bytes]`;
    if (Array.isArray(value)) return this.#array(value, depth);
    if (value instanceof Set) return this.#list(value, depth);
    if (value instanceof Map) return this.#map(value, depth);
    if ("toJSON" in value && typeof value.toJSON === "function") {
      const json: unknown = value.toJSON();
      if (json !== value) return this.#value(json, depth + 1);
    }
    return this.#properties(value, depth, Object.create(null));
  }

  #error(error: Error): Plain {
    const plain = { name: this.#text(String(error.name)), message: this.#text(String(error.message)) };
    return this.#stacks ? { ...plain, stack: this.#text(String(error.stack)) } : plain;
  }

  /** A pair whose first half names a credential is a header or a form field: its second half is masked. */
  #array(items: readonly unknown[], depth: number): Plain {
    const [name, value] = items;
    if (items.length === 2 && typeof name === "string") return [this.#text(name), this.#field(name, value, depth)];
    return this.#list(items, depth);
  }

  #list(items: Iterable<unknown>, depth: number): Plain {
    const out: Plain[] = [];
    for (const item of items) {
      if (out.length === MAX_ITEMS || this.#budget <= 0) {
        out.push("[...]");
        break;
      }
      out.push(this.#value(item, depth + 1));
    }
    return out;
  }

  #map(map: ReadonlyMap<unknown, unknown>, depth: number): Plain {
    const out: Record<string, Plain> = Object.create(null);
    let left = MAX_ITEMS;
    for (const [key, value] of map) {
      if (left-- === 0 || this.#budget <= 0) {
        out["..."] = map.size;
        break;
      }
      const plain = typeof key === "string" ? key : this.#value(key, depth + 1);
      const name = typeof plain === "object" ? "[object]" : String(plain);
      out[this.#name(name)] = this.#field(name, value, depth);
    }
    return out;
  }

  #properties(from: object, depth: number, out: Record<string, Plain>): Record<string, Plain> {
    const names = Object.keys(from);
    for (const [index, name] of names.entries()) {
      if (index === MAX_ITEMS || this.#budget <= 0) {
        out["..."] = names.length;
        break;
      }
      let value: unknown;
      try {
        value = Reflect.get(from, name);
      } catch {
        value = "[unreadable]";
      }
      if (value !== undefined) out[this.#name(name)] = this.#field(name, value, depth);
    }
    return out;
  }

  #field(name: string, value: unknown, depth: number): Plain {
    return this.#names.get(name).credential && masked(name, value) ? "[masked]" : this.#value(value, depth + 1);
  }

  #name(name: string): string {
    const { clean } = this.#names.get(name);
    this.#budget -= clean.length;
    return clean;
  }

  #text(text: string): string {
    const clean = redactText(text);
    if (clean.length > Math.max(this.#budget, 0)) return "[...]";
    this.#budget -= clean.length;
    return clean;
  }
}

/** Whether a value under a credential's name is masked: all but what cannot be a credential, and fingerprints. */
function masked(name: string, value: unknown): boolean {
  if (value === null || typeof value === "boolean" || value instanceof Secret) return false;
  return !(TOKEN_COUNT.test(name) && typeof value === "number");
}
