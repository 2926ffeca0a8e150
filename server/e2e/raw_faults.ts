import {
  chunked,
  COMPLETION,
  data,
  DONE,
  FINISH,
  type Framing,
  gzip,
  head,
  JSON_TYPE,
  LAST_CHUNK,
  sendCut,
  sendWhole,
  SSE,
  wholeStream,
} from "./raw_pieces.ts";
import type { Fault, Wire } from "./raw_upstream.ts";

/**
 * What the client must see. `whole`: the full answer, nothing added. `error`: an error status, an in-band error or a
 * broken body, never a clean end. `either`: one of the two, or the upstream's own bytes.
 */
export type Verdict = "whole" | "error" | "either";

/** One way to misbehave. */
export interface Misdeed {
  readonly name: string;
  readonly stream: boolean;
  readonly verdict: Verdict;
  /** The text of a whole answer, if it is not the usual one. */
  readonly text?: string;
  readonly fault: Fault;
}

const FRAMINGS: readonly Framing[] = ["length", "chunked", "close"];
const TEN_MB = "y".repeat(10_000_000);

const streamed = (name: string, verdict: Verdict, fault: Fault, text?: string): Misdeed => ({
  name: `stream: ${name}`,
  stream: true,
  verdict,
  fault,
  ...(text === undefined ? {} : { text }),
});
const plain = (name: string, verdict: Verdict, fault: Fault, text?: string): Misdeed => ({
  ...streamed(name, verdict, fault, text),
  name: `plain: ${name}`,
  stream: false,
});

/** Cuts in every place, under every framing. */
const CUTS: readonly Misdeed[] = [
  ...[streamed, plain].flatMap((kind) => [
    kind("cut before the headers", "error", () => Promise.resolve()),
    kind("cut in the headers", "error", (wire) => wire.send("HTTP/1.1 200 OK\r\ncontent-ty")),
  ]),
  ...FRAMINGS.flatMap((framing) => [
    streamed(`cut after the headers, ${framing}`, "error", (wire) => wire.send(head(framing, SSE, 500))),
    streamed(
      `cut mid-event, ${framing}`,
      "error",
      (wire) => sendCut(wire, framing, SSE, `${data("one ")}\n\n${data("two ").slice(0, 40)}`),
    ),
    streamed(
      `cut between events, ${framing}`,
      "error",
      (wire) => sendCut(wire, framing, SSE, `${data("one ")}\n\n${data("two ")}\n\n`),
    ),
    // Without a length nothing but its JSON tells that such an answer is not whole; it may go on as it came.
    plain(
      `cut in the body, ${framing}`,
      framing === "close" ? "either" : "error",
      (wire) => sendCut(wire, framing, JSON_TYPE, COMPLETION.slice(0, 60)),
    ),
  ]),
  streamed("cut mid-chunk", "error", (wire) => wire.send(head("chunked", SSE), "ff\r\n", data("one "))),
  streamed(
    "ended cleanly without an end mark",
    "error",
    (wire) => sendWhole(wire, "chunked", SSE, `${data("one ")}\n\n`),
  ),
  streamed("an empty body", "error", (wire) => sendWhole(wire, "chunked", SSE, "")),
  plain("cut mid-chunk", "error", (wire) => wire.send(head("chunked", JSON_TYPE), "fff\r\n", COMPLETION.slice(0, 50))),
];

const stallAfter = (...parts: string[]): Fault => async (wire) => {
  await wire.send(...parts);
  await wire.stall();
};

const STALLS: readonly Misdeed[] = [
  streamed("stall before the headers", "error", stallAfter()),
  streamed("stall in the headers", "error", stallAfter("HTTP/1.1 200 OK\r\ncont")),
  streamed("stall after the headers", "error", stallAfter(head("chunked", SSE))),
  streamed("stall mid-event", "error", stallAfter(head("chunked", SSE), chunked(data("one ").slice(0, 30)))),
  streamed("stall between events", "error", stallAfter(head("chunked", SSE), chunked(`${data("one ")}\n\n`))),
  plain("stall before the headers", "error", stallAfter()),
  plain("stall in the body", "error", stallAfter(head("length", JSON_TYPE, 500), COMPLETION.slice(0, 50))),
];

const eventsWith = (...lines: string[]) => [data("one "), ...lines, DONE].map((line) => `${line}\n\n`).join("");
const badEvents = (name: string, ...lines: string[]) =>
  streamed(name, "whole", (wire) => sendWhole(wire, "chunked", SSE, eventsWith(...lines)), "one ");

const GARBAGE: readonly Misdeed[] = [
  ...[streamed, plain].flatMap((kind) => [
    kind("garbage instead of HTTP", "error", (wire) => wire.send("\x00\x01\x02 what is this\r\n\r\n")),
    kind(
      "a header without a colon",
      "either",
      (wire) => wire.send("HTTP/1.1 200 OK\r\nnonsense\r\nconnection: close\r\n\r\nx"),
    ),
    kind(
      "a header of 200 KB",
      "either",
      (wire) => wire.send(`HTTP/1.1 200 OK\r\nx-long: ${"h".repeat(200_000)}\r\ncontent-length: 0\r\n\r\n`),
    ),
    kind(
      "a web page with status 200",
      "either",
      (wire) => sendWhole(wire, "length", "text/html", "<html>Please log in.</html>"),
    ),
    kind("no content", "either", (wire) => wire.send("HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n")),
    kind(
      "a bad chunk size",
      "error",
      (wire) => wire.send(head("chunked", kind === plain ? JSON_TYPE : SSE), "zz\r\nx\r\n"),
    ),
  ]),
  badEvents("data that is no JSON", "data: {not json", "data: \u0001\u0002"),
  badEvents(
    "wrong types",
    "data: 42",
    "data: null",
    'data: {"choices":"no"}',
    'data: {"choices":[null]}',
    'data: {"choices":[{"delta":[]}]}',
  ),
  badEvents(
    "usage of wrong types",
    'data: {"choices":[{"delta":{}}],"usage":"many"}',
    'data: {"choices":[{"delta":{}}],"usage":{"prompt_tokens":-1}}',
  ),
  badEvents("comments and unknown fields", ": hello", "id: 7", "retry: 10"),
  streamed(
    "a whole answer where a stream was asked for",
    "either",
    (wire) => sendWhole(wire, "length", JSON_TYPE, COMPLETION),
  ),
  plain(
    "a stream where a whole answer was asked for",
    "either",
    (wire) => sendWhole(wire, "chunked", SSE, wholeStream()),
  ),
  plain("a body of a wrong type", "either", (wire) => sendWhole(wire, "length", JSON_TYPE, "[1,2,3]")),
];

const ODD: readonly Misdeed[] = [
  ...FRAMINGS.map((framing) =>
    streamed(`whole, ${framing}`, "whole", (wire) => sendWhole(wire, framing, SSE, wholeStream()))
  ),
  streamed("CRLF line ends", "whole", (wire) => sendWhole(wire, "chunked", SSE, wholeStream("\r\n"))),
  streamed("CR line ends", "whole", (wire) => sendWhole(wire, "chunked", SSE, wholeStream("\r"))),
  streamed("a byte order mark", "whole", (wire) => sendWhole(wire, "chunked", SSE, `\uFEFF${wholeStream()}`)),
  streamed("one byte per chunk", "whole", (wire) => byteByByte(wire, wholeStream())),
  streamed(
    "one byte per chunk, CRLF, many-byte characters",
    "whole",
    (wire) => byteByByte(wire, [data("é漢😀"), FINISH, DONE].map((event) => `${event}\r\n\r\n`).join("")),
    "é漢😀",
  ),
  streamed(
    "a 10 MB line",
    "whole",
    (wire) => sendWhole(wire, "chunked", SSE, [data(TEN_MB), DONE].map((event) => `${event}\n\n`).join("")),
    TEN_MB,
  ),
  streamed("a 10 MB line that is cut", "error", (wire) => sendCut(wire, "chunked", SSE, data(TEN_MB))),
  plain(
    "a 10 MB answer",
    "whole",
    (wire) => sendWhole(wire, "length", JSON_TYPE, COMPLETION.replace("one two three", TEN_MB)),
    TEN_MB,
  ),
  streamed("gzip though identity was asked", "whole", async (wire) => {
    const bytes = await gzip(wholeStream());
    await wire.send(head("length", SSE, bytes.length, "content-encoding: gzip\r\n"), bytes);
  }),
  plain("gzip though identity was asked", "whole", async (wire) => {
    const bytes = await gzip(COMPLETION);
    await wire.send(head("length", JSON_TYPE, bytes.length, "content-encoding: gzip\r\n"), bytes);
  }),
  plain("gzip that is cut", "error", async (wire) => {
    const bytes = (await gzip(COMPLETION)).subarray(0, 40);
    await wire.send(head("length", JSON_TYPE, bytes.length, "content-encoding: gzip\r\n"), bytes);
  }),
  plain(
    "what calls itself gzip and is not",
    "error",
    (wire) => sendWhole(wire, "length", JSON_TYPE, COMPLETION, "content-encoding: gzip\r\n"),
  ),
  plain("early hints before the answer", "either", async (wire) => {
    await wire.send("HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n");
    await sendWhole(wire, "length", JSON_TYPE, COMPLETION);
  }),
  plain(
    "HTTP/1.0",
    "whole",
    (wire) => wire.send(`HTTP/1.0 200 OK\r\ncontent-type: application/json\r\n\r\n${COMPLETION}`),
  ),
];

async function byteByByte(wire: Wire, text: string): Promise<void> {
  await wire.send(head("chunked", SSE));
  for (const byte of new TextEncoder().encode(text)) {
    await wire.send("1\r\n", new Uint8Array([byte]), "\r\n");
  }
  await wire.send(LAST_CHUNK);
}

/** Every misdeed whose answer is judged by the common verdicts. */
export const MISDEEDS: readonly Misdeed[] = [...CUTS, ...STALLS, ...GARBAGE, ...ODD];
