import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { GatehouseError } from "../../../errors/mod.ts";
import { silentLogger } from "../../../telemetry/mod.ts";
import { dispatch, type Method } from "./dispatch.ts";
import { MAX_DEPTH } from "../../../upstream/mod.ts";

const methods: ReadonlyMap<string, Method> = new Map<string, Method>([
  ["echo", (params) => params],
  ["slow", async () => {
    await Promise.resolve();
    return { slow: true };
  }],
  ["fault", () => {
    throw new TypeError("a secret");
  }],
  ["refuse", () => Promise.reject(new GatehouseError("invalid_field", "Cannot x: y", { param: "z" }))],
]);

async function answers(text: string, log = silentLogger): Promise<unknown[]> {
  const sent: unknown[] = [];
  await dispatch(text, { methods, send: (text) => sent.push(JSON.parse(text)), log });
  return sent;
}

const call = (fields: Record<string, unknown>) => ({ jsonrpc: "2.0", ...fields });

Deno.test("dispatch() answers a request with its result or its error", async () => {
  const one = async (fields: Record<string, unknown>) => (await answers(JSON.stringify(call(fields))))[0];
  assertEquals(await one({ id: 1, method: "echo", params: { a: 1 } }), call({ id: 1, result: { a: 1 } }));
  assertEquals(await one({ id: null, method: "slow" }), call({ id: null, result: { slow: true } }));
  assertEquals(
    await one({ id: "r", method: "refuse" }),
    call({ id: "r", error: { code: -32602, message: "Cannot x: y", data: { code: "invalid_field", param: "z" } } }),
  );
  for (const method of ["toString", "", "rpc.discover", "__proto__"]) {
    const answer = JSON.stringify(await one({ id: 1, method }));
    assert(answer.includes('"code":-32601'), answer);
  }
  assert(JSON.stringify(await one({ id: 1, method: "echo", params: [] })).includes('"code":-32602'));
});

Deno.test("dispatch() hides a fault of our own and logs it", async () => {
  const lines: unknown[] = [];
  const log = { ...silentLogger, error: (message: string, fields: unknown) => void lines.push([message, fields]) };
  const [answer] = await answers('{"jsonrpc":"2.0","id":1,"method":"fault"}', log);
  assert(JSON.stringify(answer).includes('"code":-32603'));
  assert(!JSON.stringify(answer).includes("secret"));
  assertEquals(lines.length, 1);
});

Deno.test("dispatch() answers no notification, neither its result nor its error", async () => {
  for (const method of ["echo", "slow", "fault", "refuse", "unknown"]) {
    assertEquals(await answers(JSON.stringify(call({ method }))), []);
    assertEquals(await answers(JSON.stringify([call({ method }), call({ method })])), []);
  }
});

Deno.test("dispatch() answers a batch by one array, in its order, without the notifications", async () => {
  const batch = [
    call({ id: 1, method: "slow" }),
    call({ method: "echo" }),
    7,
    call({ id: 2, method: "echo", params: { x: 1 } }),
  ];
  const [answer, ...more] = await answers(JSON.stringify(batch));
  assertEquals(more, []);
  assert(Array.isArray(answer));
  assertEquals(answer.map(({ id, result, error }) => [id, result ?? error.code]), [
    [1, { slow: true }],
    [null, -32600],
    [2, { x: 1 }],
  ]);
});

Deno.test("dispatch() does what must come later after the whole answer", async () => {
  const order: string[] = [];
  const later: Method = (_params, later) => {
    later(() => order.push("later"));
    throw new GatehouseError("session_busy", "Cannot x");
  };
  const text = JSON.stringify([call({ id: 1, method: "later" }), call({ method: "later" })]);
  await dispatch(text, { methods: new Map([["later", later]]), send: () => order.push("answer"), log: silentLogger });
  assertEquals(order, ["answer", "later", "later"]);
});

Deno.test("dispatch() gives valid answers, or none, whatever the text", async () => {
  const request = fc.record({
    jsonrpc: fc.oneof({ weight: 9, arbitrary: fc.constant("2.0") }, fc.jsonValue()),
    id: fc.oneof(fc.integer(), fc.string(), fc.jsonValue()),
    method: fc.oneof({ weight: 5, arbitrary: fc.constantFrom(...methods.keys()) }, fc.string(), fc.jsonValue()),
    params: fc.oneof(fc.dictionary(fc.string(), fc.jsonValue()), fc.jsonValue()),
  }, { requiredKeys: ["jsonrpc"] });
  const json = fc.oneof(request, fc.array(fc.oneof(request, fc.jsonValue())), fc.jsonValue())
    .map((value) => JSON.stringify(value) ?? "");
  const broken = fc.tuple(json, fc.nat(), fc.string({ maxLength: 3 })).map(([text, at, with_]) => {
    const place = at % (text.length + 1);
    return text.slice(0, place) + with_ + text.slice(place + with_.length);
  });
  const brackets = fc.array(fc.constantFrom("[", "]", "{", "}", '"', ",", ":", "\\", "1", " ")).map((all) =>
    all.join("")
  );
  const text = fc.oneof(json, broken, brackets, fc.string(), fc.constant("[".repeat(MAX_DEPTH * 20)));
  await fc.assert(
    fc.asyncProperty(text, async (text) => {
      const sent = await answers(text);
      assert(sent.length <= 1);
      for (const answer of sent) {
        for (const one of Array.isArray(answer) ? answer : [answer]) assertAnswer(one);
        assert(!Array.isArray(answer) || answer.length > 0);
      }
    }),
    { numRuns: 200 },
  );
});

function assertAnswer(answer: Record<string, unknown>): void {
  assertEquals(answer.jsonrpc, "2.0");
  assert(answer.id === null || ["string", "number"].includes(typeof answer.id), JSON.stringify(answer));
  const { error } = answer;
  assert(("result" in answer) !== (error !== undefined), JSON.stringify(answer));
  if (error === undefined) return;
  assert(typeof error === "object" && error !== null && "code" in error && "message" in error);
  assert(typeof error.code === "number" && typeof error.message === "string");
}
