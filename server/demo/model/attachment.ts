import { Buffer } from "node:buffer";
import type { Message, Part } from "./chat_request.ts";
import { OpenAIError } from "./openai_error.ts";

/**
 * One line for each part of a message that is not text: what it is and how big.
 *
 * @throws OpenAIError 400 `invalid_image_url` when an image is neither a URL nor a readable data URL
 */
export function describeAttachments(message: Message): string[] {
  const parts = Array.isArray(message.content) ? message.content : [];
  return parts.filter((part) => part.type !== "text").map(describe);
}

function describe(part: Part): string {
  if (part.type !== "image_url") return `a part of type \`${part.type}\`, which the demo takes no notice of`;
  const image = part.image_url;
  const url = typeof image === "object" && image !== null && "url" in image ? image.url : undefined;
  if (typeof url !== "string") throw invalid("an object with a 'url' is expected");
  if (/^https?:\/\//i.test(url)) return "an image by its address, which the demo does not fetch";
  const match = /^data:(image\/[a-z0-9.+-]+);base64,/i.exec(url.slice(0, 100));
  if (match === null) throw invalid("a http(s) URL or a base64 data URL of an image is expected");
  const bytes = Buffer.from(url.slice(match[0].length), "base64");
  if (bytes.length === 0) throw invalid("the image is empty");
  const size = pixels(bytes);
  const extent = size === null ? "" : `, ${size.width} × ${size.height} pixels`;
  return `an image (${match[1]}${extent}, ${bytes.length.toLocaleString("en")} bytes)`;
}

function invalid(why: string): OpenAIError {
  const param = "messages";
  return new OpenAIError(400, `Invalid image_url: ${why}.`, { code: "invalid_image_url", param });
}

interface Size {
  readonly width: number;
  readonly height: number;
}

/** Width and height from the header of a PNG, GIF or JPEG; null for what it does not know. */
export function pixels(bytes: Uint8Array): Size | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length >= 24 && view.getUint32(0) === 0x89504e47) {
    return { width: view.getUint32(16), height: view.getUint32(20) };
  }
  if (bytes.length >= 10 && view.getUint32(0) === 0x47494638) {
    return { width: view.getUint16(6, true), height: view.getUint16(8, true) };
  }
  if (bytes.length >= 4 && view.getUint16(0) === 0xffd8) return jpegPixels(view);
  return null;
}

/** Walks the JPEG's segments to its start-of-frame marker. */
function jpegPixels(view: DataView): Size | null {
  for (let at = 2; at + 9 <= view.byteLength;) {
    const marker = view.getUint16(at);
    const isFrame = marker >= 0xffc0 && marker <= 0xffcf && ![0xffc4, 0xffc8, 0xffcc].includes(marker);
    if (isFrame) return { width: view.getUint16(at + 7), height: view.getUint16(at + 5) };
    if (marker >> 8 !== 0xff) return null;
    at += 2 + view.getUint16(at + 2);
  }
  return null;
}
