import { Buffer } from "node:buffer";
import { jsonBytes } from "./json_bytes.ts";

/**
 * An image, a sound or a file counts as 1,000 tokens of four bytes, however long its data URL is: what it costs depends
 * on pixels, seconds or pages, and those are not to be seen in the request.
 */
const BINARY_BYTES = 4000;
const BINARY = ["image_url", "input_image", "image", "input_audio", "audio", "input_file", "file", "video_url"];
const DATA_URL = /^data:[\w.+-]+\/[\w.+-]+[;,]/i;

/** What is given to the model beside the messages, as JSON. */
const AS_JSON = ["tools", "functions", "response_format"];

/** How much a chat request gives the model to read, in UTF-8 bytes. Whatever the fields hold, it does not throw. */
export function promptBytes(fields: Readonly<Record<string, unknown>>): number {
  return each(fields.messages, messageBytes) +
    sum(AS_JSON, (name) => isNothing(fields[name]) ? 0 : jsonBytes(fields[name]));
}

function messageBytes(message: unknown): number {
  if (!isRecord(message)) return otherBytes(message);
  return sum(Object.entries(message), ([name, value]) => {
    switch (name) {
      case "role":
      case "tool_call_id":
        return 0;
      case "content":
        return each(value, partBytes);
      case "tool_calls":
        return each(value, callBytes);
      case "audio":
        return isNothing(value) ? 0 : BINARY_BYTES;
      default:
        return otherBytes(value);
    }
  });
}

function partBytes(part: unknown): number {
  if (!isRecord(part)) return otherBytes(part);
  const texts = [part.text, part.refusal].filter((text) => typeof text === "string");
  const isBinary = BINARY.some((name) => part.type === name || Object.hasOwn(part, name));
  if (texts.length === 0 && !isBinary) return otherBytes(part);
  return sum(texts, otherBytes) + (isBinary ? BINARY_BYTES : 0);
}

function callBytes(call: unknown): number {
  if (!isRecord(call) || !isRecord(call.function)) return otherBytes(call);
  return otherBytes(call.function.name) + otherBytes(call.function.arguments);
}

/** A text by itself; anything else as JSON. */
function otherBytes(value: unknown): number {
  if (typeof value === "string") return Buffer.byteLength(value);
  return isNothing(value) ? 0 : jsonBytes(value, DATA_URL);
}

/** Of a list each item; of anything else the whole. */
function each(value: unknown, bytesOf: (item: unknown) => number): number {
  return Array.isArray(value) ? sum(value, bytesOf) : otherBytes(value);
}

function sum<T>(items: readonly T[], bytesOf: (item: T) => number): number {
  return items.reduce((bytes, item) => bytes + bytesOf(item), 0);
}

function isNothing(value: unknown): boolean {
  return value === null || value === undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
