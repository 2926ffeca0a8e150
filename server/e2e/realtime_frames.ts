import { assertEquals } from "@std/assert";
import { encodeFrame, OPCODE, type RawClient } from "../http/frame_fixture.ts";

const MIB = 1024 * 1024;
const utf8 = new TextEncoder();

/** What may become of a connection that breaks a rule. */
export type Verdict =
  /** It is closed with this code. */
  | number
  /** It ends: how, is up to the WebSockets of Deno. */
  | "ends"
  /** It goes on. */
  | "goes on"
  /** One or the other. */
  | "either";

/** A rule of WebSockets that is broken, or just kept. */
export interface FrameCase {
  readonly name: string;
  readonly verdict: Verdict;
  send(client: RawClient): Promise<void>;
}

function unmasked(text: string): Uint8Array<ArrayBuffer> {
  const payload = utf8.encode(text);
  return Uint8Array.of(0x80 | OPCODE.text, payload.length, ...payload);
}

/** A frame with its first byte changed. */
function withHead(head: number, payload: string): Uint8Array<ArrayBuffer> {
  const bytes = encodeFrame({ opcode: OPCODE.text, payload: utf8.encode(payload) });
  bytes[0] = head;
  return bytes;
}

/** A frame that says how long it is, and of which nothing more comes. */
function announced(length: bigint): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(14);
  bytes[0] = 0x80 | OPCODE.text;
  bytes[1] = 0x80 | 127;
  new DataView(bytes.buffer).setBigUint64(2, length);
  return bytes;
}

const text = (...parts: string[]) => (client: RawClient) => client.text(...parts);
const bytes = (bytes: Uint8Array) => (client: RawClient) => client.bytes(bytes);
const frame = (opcode: number, payload: Uint8Array) => (client: RawClient) => client.frame({ opcode, payload });

/** All of them. What is sent is no JSON where it gets as far as that. */
export const FRAME_CASES: readonly FrameCase[] = [
  { name: "text of 1 MiB", verdict: "goes on", send: text("x".repeat(MIB)) },
  { name: "text of 1 MiB and a byte", verdict: 1009, send: text("x".repeat(MIB + 1)) },
  { name: "text of 1 MiB and a byte, in two-byte letters", verdict: 1009, send: text("é".repeat(MIB / 2), "x") },
  { name: "text of 32 MiB", verdict: 1009, send: text("x".repeat(32 * MIB)) },
  { name: "text of 1 MiB in 1024 fragments", verdict: "goes on", send: text(...Array(1024).fill("x".repeat(1024))) },
  {
    name: "text of 1 MiB and a byte in fragments",
    verdict: 1009,
    send: text(...Array(4).fill("x".repeat(MIB / 4)), "x"),
  },
  {
    name: "a letter cut in two by fragments",
    verdict: "goes on",
    send: (client) => client.message(OPCODE.text, [Uint8Array.of(0xc3), Uint8Array.of(0xa9)]),
  },
  { name: "ten thousand empty fragments", verdict: "goes on", send: text(...Array(10_000).fill("")) },
  { name: "empty text", verdict: "goes on", send: text("") },
  {
    name: "a ping within a message",
    verdict: "goes on",
    send: async (client) => {
      await client.frame({ opcode: OPCODE.text, payload: utf8.encode("x"), fin: false });
      await client.frame({ opcode: OPCODE.ping, payload: utf8.encode("p") });
      assertEquals((await client.next())?.opcode, OPCODE.pong);
      await client.frame({ opcode: OPCODE.continuation, payload: utf8.encode("y") });
    },
  },
  { name: "a pong that nobody asked for", verdict: "goes on", send: frame(OPCODE.pong, utf8.encode("p")) },
  { name: "binary", verdict: 1003, send: frame(OPCODE.binary, Uint8Array.of(1, 2, 3)) },
  {
    name: "binary in fragments",
    verdict: 1003,
    send: (client) => client.message(OPCODE.binary, [Uint8Array.of(1), Uint8Array.of(2)]),
  },
  { name: "invalid UTF-8", verdict: "ends", send: frame(OPCODE.text, Uint8Array.of(0x61, 0xff, 0xfe)) },
  { name: "half a letter at the end", verdict: "ends", send: frame(OPCODE.text, Uint8Array.of(0x61, 0xc3)) },
  { name: "a surrogate in UTF-8", verdict: "ends", send: frame(OPCODE.text, Uint8Array.of(0xed, 0xa0, 0x80)) },
  { name: "an unmasked frame", verdict: "either", send: bytes(unmasked("x")) },
  { name: "an unknown opcode", verdict: "ends", send: frame(3, utf8.encode("x")) },
  { name: "an unknown control opcode", verdict: "ends", send: frame(11, utf8.encode("x")) },
  { name: "reserved bits", verdict: "ends", send: bytes(withHead(0xf0 | OPCODE.text, "x")) },
  {
    name: "a compressed frame that was not agreed on",
    verdict: "ends",
    send: bytes(withHead(0xc0 | OPCODE.text, "x")),
  },
  { name: "a ping of 126 bytes", verdict: "ends", send: frame(OPCODE.ping, new Uint8Array(126)) },
  {
    name: "a ping in fragments",
    verdict: "ends",
    send: (client) => client.frame({ opcode: OPCODE.ping, payload: utf8.encode("x"), fin: false }),
  },
  { name: "a continuation of nothing", verdict: "ends", send: frame(OPCODE.continuation, utf8.encode("x")) },
  {
    name: "a message within a message",
    verdict: "ends",
    send: async (client) => {
      await client.frame({ opcode: OPCODE.text, payload: utf8.encode("x"), fin: false });
      await client.text("y");
    },
  },
  { name: "a length beyond all numbers", verdict: "ends", send: bytes(announced(2n ** 64n - 1n)) },
  { name: "a length of 1 TiB", verdict: "ends", send: bytes(announced(2n ** 40n)) },
  { name: "a close of one byte", verdict: "ends", send: frame(OPCODE.close, Uint8Array.of(3)) },
  { name: "a close with a code that none may send", verdict: "ends", send: (client) => client.close(1005) },
  { name: "a close with a code of nobody", verdict: "ends", send: (client) => client.close(65_535) },
  {
    name: "a close with a reason that is no text",
    verdict: "ends",
    send: frame(OPCODE.close, Uint8Array.of(3, 232, 255)),
  },
  { name: "an empty close", verdict: "ends", send: (client) => client.close() },
  { name: "HTTP", verdict: "ends", send: bytes(utf8.encode("GET / HTTP/1.1\r\nhost: localhost\r\n\r\n")) },
  { name: "nothing but zeros", verdict: "ends", send: bytes(new Uint8Array(65_536)) },
  { name: "nothing but ones", verdict: "ends", send: bytes(new Uint8Array(65_536).fill(255)) },
];
