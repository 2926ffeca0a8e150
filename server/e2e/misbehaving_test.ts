import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { Gate, Home } from "./gate.ts";
import { type Misdeed, MISDEEDS } from "./raw_faults.ts";
import { COMPLETION, failure, JSON_TYPE, sendWhole, WHOLE_TEXT } from "./raw_pieces.ts";
import { type Fault, RawUpstream } from "./raw_upstream.ts";
import { readStream } from "./sse.ts";

const KEY = "key-of-the-raw-upstream-7f3a9c";
/** Well past every limit that is set here: whatever lasts longer hangs. */
const HANGS_AFTER_MS = 15_000;

async function startGate(upstream: RawUpstream, home: Home, env: Record<string, string> = {}): Promise<Gate> {
  const model = { LLM_BASE_URL: `${upstream.url}/v1`, LLM_MODEL_NAME: "e2e", API_KEY_ENV_VAR: "RAW_KEY", RAW_KEY: KEY };
  return await Gate.start({ env: { ...model, ...env }, home });
}

/** Asks, and reads to whatever end; throws when there is none. */
async function ask(gate: Gate, prompt: string, stream: boolean) {
  const hanging = new AbortController();
  const timer = setTimeout(() => hanging.abort(new Error(`it hangs: ${prompt}`)), HANGS_AFTER_MS);
  try {
    const response = await gate.chat(prompt, { body: { stream }, signal: hanging.signal });
    const result = await readStream(response);
    hanging.signal.throwIfAborted();
    return { ...result, status: response.status, headers: response.headers };
  } catch (error) {
    hanging.signal.throwIfAborted();
    // A body that breaks before its first byte can take the answer's head with it.
    assert(error instanceof TypeError, String(error));
    return { ...await readStream(new Response()), broken: true, status: 0, headers: new Headers() };
  } finally {
    clearTimeout(timer);
  }
}

type Answer = Awaited<ReturnType<typeof ask>>;

function isError(answer: Answer): boolean {
  if (answer.broken) return true;
  if (answer.status < 400) return answer.errorCode !== null && !answer.done;
  return JSON.parse(answer.raw).error.code !== undefined;
}

function isWhole(answer: Answer, { stream, text = WHOLE_TEXT }: Misdeed): boolean {
  if (answer.status !== 200 || answer.broken || answer.errorCode !== null) return false;
  if (stream) return answer.done && answer.text === text;
  return JSON.parse(answer.raw).choices[0].message.content === text;
}

function judge(answer: Answer, misdeed: Misdeed): void {
  const seen = JSON.stringify({ ...answer, text: answer.text.slice(0, 200), raw: answer.raw.slice(0, 600) });
  switch (misdeed.verdict) {
    case "whole":
      return assert(isWhole(answer, misdeed), `not the whole answer: ${seen}`);
    case "error":
      return assert(isError(answer), `neither an error nor a break: ${seen}`);
    case "either":
      return assert(isError(answer) || answer.status < 300, `neither an error nor a pass-through: ${seen}`);
  }
}

Deno.test("an upstream that cuts, stalls, sends garbage or odd bytes", async (t) => {
  const good: Fault = (wire) => sendWhole(wire, "length", JSON_TYPE, COMPLETION);
  const faults = new Map<string, Fault>(MISDEEDS.map(({ name, fault }) => [name, fault]));
  await using upstream = new RawUpstream(faults.set("good", good));
  await using home = await Home.make();
  await using gate = await startGate(upstream, home, { LLM_REQUEST_TIMEOUT: "1" });
  for (const misdeed of MISDEEDS) {
    await t.step(misdeed.name, async () => {
      judge(await ask(gate, misdeed.name, misdeed.stream), misdeed);
      const next = await ask(gate, "good", false);
      assertEquals(next.status, 200, `the next request fails: ${next.raw}`);
    });
  }
  assert(!gate.output.includes("internal_error"), gate.output);
  await gate.stop();
});

Deno.test("a first byte after 5 s, with default settings", async () => {
  const late: Fault = async (wire) => {
    await wire.pause(5_000);
    await sendWhole(wire, "length", JSON_TYPE, COMPLETION);
  };
  await using upstream = new RawUpstream(new Map([["late", late]]));
  await using home = await Home.make();
  await using gate = await startGate(upstream, home);
  const answer = await ask(gate, "late", false);
  assertEquals({ status: answer.status, raw: answer.raw }, { status: 200, raw: COMPLETION });
  await gate.stop();
});

Deno.test("what an upstream refuses, and what it puts into headers", async (t) => {
  let visitors = 0;
  await using elsewhere = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, () => {
    visitors++;
    return new Response();
  });
  const location = `location: http://127.0.0.1:${elsewhere.addr.port}/v1/chat/completions\r\n`;
  const echo = (status: string): Fault => (wire) =>
    wire.send(failure(status, JSON.stringify({ error: { message: `Bad key ${KEY}: ${wire.head}` } })));
  const overloaded = JSON.stringify({ error: { message: "Too much.", type: "overloaded", param: null, code: "busy" } });
  const faults = new Map<string, Fault>([
    ["401", echo("401 Unauthorized")],
    ["403", echo("403 Forbidden")],
    ["500 echo", echo("500 Internal Server Error")],
    ["407", echo("407 Proxy Authentication Required")],
    ["500", (wire) => wire.send(failure("500 Internal Server Error", overloaded))],
    ["503", (wire) => wire.send(failure("503 Service Unavailable", overloaded, "retry-after: 7\r\n"))],
    ["529", (wire) => wire.send(failure("529 Overloaded", overloaded))],
    ["422", (wire) => wire.send(failure("422 Unprocessable Content", overloaded))],
    ["302", (wire) => wire.send(failure("302 Found", "", location))],
    ["308", (wire) => wire.send(failure("308 Permanent Redirect", "", location))],
    ["headers", (wire) =>
      sendWhole(
        wire,
        "length",
        JSON_TYPE,
        COMPLETION,
        "set-cookie: session=1\r\nwww-authenticate: Bearer\r\nx-ratelimit-limit-requests: 9\r\nopenai-version: 1\r\nserver: raw\r\n",
      )],
  ]);
  await using upstream = new RawUpstream(faults);
  await using home = await Home.make();
  await using gate = await startGate(upstream, home);

  await t.step("a 401 that echoes the key is ours to answer, without the key", async () => {
    const { status, raw, headers } = await ask(gate, "401", false);
    assertEquals({ status, code: JSON.parse(raw).error.code }, { status: 502, code: "upstream_unauthorized" });
    assertEquals(headers.get("www-authenticate"), null);
    assert(!raw.includes(KEY), raw);
  });
  await t.step("a 407 is ours to answer", async () => {
    const { status, raw } = await ask(gate, "407", true);
    assertEquals({ status, code: JSON.parse(raw).error.code }, { status: 502, code: "upstream_unauthorized" });
    assert(!raw.includes(KEY), raw);
  });
  for (const prompt of ["403", "500 echo"]) {
    await t.step(`a ${prompt} that echoes the key passes with [redacted]`, async () => {
      const { status, raw } = await ask(gate, prompt, false);
      assertEquals(status, Number.parseInt(prompt));
      assertStringIncludes(raw, "Bad key [redacted]: ");
      assert(!raw.includes(KEY), raw);
    });
  }
  for (const prompt of ["500", "503", "529", "422"]) {
    await t.step(`a ${prompt} passes with its body`, async () => {
      for (const stream of [false, true]) {
        const { status, raw, headers } = await ask(gate, prompt, stream);
        assertEquals({ status, raw }, { status: Number(prompt), raw: overloaded });
        if (prompt === "503") assertEquals(headers.get("retry-after"), "7");
      }
    });
  }
  for (const prompt of ["302", "308"]) {
    await t.step(`a ${prompt} is not followed`, async () => {
      const { status, raw, headers } = await ask(gate, prompt, false);
      assertEquals({ status, code: JSON.parse(raw).error.code }, { status: 502, code: "upstream_failed" });
      assertEquals(headers.get("location"), null);
      assertEquals(visitors, 0);
    });
  }
  await t.step("cookies and challenges stay behind, limits and OpenAI's own headers pass", async () => {
    const { status, headers } = await ask(gate, "headers", false);
    assertEquals(status, 200);
    assertEquals(headers.getSetCookie(), []);
    assertEquals(headers.get("www-authenticate"), null);
    assertEquals(headers.get("x-ratelimit-limit-requests"), "9");
    assertEquals(headers.get("openai-version"), "1");
  });
  await gate.stop();
});
