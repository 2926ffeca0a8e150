import { assert, assertEquals, assertNotMatch, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import { Secret } from "../secrets/mod.ts";
import { redactFields, redactText } from "./redact.ts";

const CANARY = "canary-7f3a91";
const redact = (value: unknown) => redactFields([{ value }], { stacks: false }).value;
const printed = (fields: Record<string, unknown>) => JSON.stringify(redactFields([fields], { stacks: true }));

/** Any structure whose leaves are plain values or a secret. */
const structure = fc.letrec((tie) => ({
  node: fc.oneof(
    { maxDepth: 5 },
    fc.constant(new Secret(CANARY)),
    fc.jsonValue(),
    fc.array(tie("node"), { maxLength: 5 }),
    fc.dictionary(fc.string(), tie("node"), { maxKeys: 5 }),
    fc.array(tie("node"), { maxLength: 3 }).map((items) => new Set(items)),
    fc.array(fc.tuple(fc.oneof(fc.string(), tie("node")), tie("node")), { maxLength: 3 }).map((items) =>
      new Map(items)
    ),
    tie("node").map((inner) => ({ toJSON: () => inner })),
    tie("node").map((inner) => Object.assign(new Error("failed", { cause: inner }), { inner })),
    tie("node").map((inner) => ({
      get inner() {
        return inner;
      },
    })),
  ),
})).node;

Deno.test("redactFields() never lets a Secret through, however deep it is", () => {
  fc.assert(fc.property(structure, (value) => assert(!printed({ value }).includes(CANARY))));
});

Deno.test("redactFields() prints a Secret as its fingerprint", () => {
  const secret = new Secret(CANARY);
  assertEquals(redact([secret]), [`[secret ${secret.fingerprint}]`]);
  assertEquals(redact({ access_token: secret }), { access_token: `[secret ${secret.fingerprint}]` });
});

Deno.test("redactFields() masks fields that are called like a credential, whatever they hold", () => {
  const names = [
    "authorization",
    "Proxy-Authorization",
    "token",
    "accessToken",
    "refresh_token",
    "id-token",
    "password",
  ];
  names.push("passphrase", "api_key", "x-api-key", "apiKey", "APIKEY", "cookie", "set-cookie", "client_secret", "jwt");
  names.push("client_assertion", "code_verifier", "device_code", "private_key", "ticket", "authorization_header");
  for (const name of names) {
    for (const value of [CANARY, { deep: CANARY }, [CANARY], 83791]) {
      assertNotMatch(printed({ [name]: value }), /canary|83791/, name);
      assertNotMatch(printed({ outer: new Map([[name, value]]) }), /canary|83791/, name);
    }
    assertNotMatch(printed({ pairs: [[name, CANARY]] }), /canary/, name);
  }
});

Deno.test("redactFields() keeps what is only about a credential", () => {
  const fields: Record<string, unknown> = {
    prompt_tokens: 3,
    token_url: "https://idp.test/token",
    credential_state: "valid",
    has_token: true,
  };
  assertEquals({ ...redactFields([fields], { stacks: false }) }, fields);
});

Deno.test("redactFields() masks a count of tokens that is not a number", () => {
  assertEquals(redact({ tokens: CANARY }), { tokens: "[masked]" });
});

Deno.test("redactFields() prints URLs without user info, query and fragment", () => {
  assertEquals(redact(new URL(`https://u:${CANARY}@host.test/a?key=${CANARY}#x`)), "https://host.test/a?[masked]");
  assertEquals(
    redactText(`get http://a.test/,http://u:${CANARY}@b.test/c failed`),
    "get http://a.test/,http://b.test/c failed",
  );
  assertEquals(redactText(`(https://h.test/p#${CANARY}) x`), "(https://h.test/p?[masked] x");
});

Deno.test("redactText() masks a bearer token that a message quotes", () => {
  assertEquals(
    redactText(`401 for Authorization: bearer ${CANARY}, sorry`),
    "401 for Authorization: Bearer [masked] sorry",
  );
});

Deno.test("redactText() masks keys and tokens of our own wherever they stand, and keeps what only names a key", () => {
  const cases = [
    ["/keys/gh_AbcdefGhij01_0123456789abcdefghijklmnopqrstuvwxyzABCDEFG", "/keys/gh_AbcdefGhij01[masked]"],
    ["/keys/gh_AbcdefGhij01", "/keys/gh_AbcdefGhij01"],
    ["/x/ghr_01M7.12.mac-_x/y", "/x/ghr_[masked]/y"],
    ["/ws/a?ticket ght_abc", "/ws/a?ticket ght_[masked]"],
    ["/users/eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln/x", "/users/[masked]/x"],
    ["/users/eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.", "/users/[masked]"],
    ["/v1/models/ghost", "/v1/models/ghost"],
  ] as const;
  for (const [text, expected] of cases) assertEquals(redactText(text), expected);
});

Deno.test("redactFields() prints the names of headers and parameters, never a value", () => {
  assertEquals(redact(new Headers({ "x-any": CANARY, accept: CANARY })), ["accept", "x-any"]);
  assertEquals(redact(new URLSearchParams({ code: CANARY })), ["code"]);
  const request = new Request(`https://host.test/a?k=${CANARY}`, { headers: { "x-any": CANARY } });
  assertEquals(redact(request), { method: "GET", url: "https://host.test/a?[masked]" });
  assertEquals(redact(new Response(CANARY, { status: 418, headers: { "x-any": CANARY } })), { status: 418, url: "" });
});

Deno.test("redactFields() reduces an error to name and message, and a stack on demand", () => {
  const error = new TypeError("no reach", { cause: CANARY });
  assertEquals(redact(error), { name: "TypeError", message: "no reach" });
  assertStringIncludes(printed({ error }), "redact_test.ts");
  assertNotMatch(printed({ error }), /canary/);
});

Deno.test("redactFields() survives what throws, runs in circles or never ends", () => {
  const circle: Record<string, unknown> = {};
  circle.self = circle;
  assertEquals(JSON.stringify(redact(circle)), '{"self":"[circular]"}');
  const angry = {
    get a() {
      throw new Error(CANARY);
    },
    b: { toJSON: () => Promise.reject.call(null) },
    c: 1n,
    d: Symbol("s"),
    e: () => 1,
    f: new Date(NaN),
    g: new Uint8Array(3),
    h: Infinity,
  };
  assertEquals({ ...redactFields([angry], { stacks: false }) }, {
    a: "[unreadable]",
    b: "[unreadable]",
    c: "1",
    d: "Symbol(s)",
    e: "[function]",
    f: "Invalid Date",
    g: "[3 bytes]",
    h: "Infinity",
  });
  const trap = () => {
    throw new Error(CANARY);
  };
  const proxy = new Proxy({}, { ownKeys: trap, get: trap, getPrototypeOf: trap, has: trap });
  assertEquals(redact({ proxy }), { proxy: "[unreadable]" });
  const endless = (): unknown => ({ toJSON: endless });
  assertEquals(redact(endless()), "[...]");
});

Deno.test("redactFields() bounds what one line can cost", () => {
  assert(printed({ text: "x".repeat(1e6) }).length < 2200);
  assert(printed({ list: new Array(1e6).fill("y") }).length < 2200);
  const wide = (depth: number): unknown =>
    depth === 0 ? "z".repeat(500) : Array.from({ length: 50 }, () => wide(depth - 1));
  assert(printed({ wide: wide(3) }).length < 100_000);
});

Deno.test("redactFields() lets later sets win and a field called __proto__ harm nothing", () => {
  const hostile: Record<string, unknown> = JSON.parse('{"__proto__":{"polluted":1}}');
  const out = redactFields([{ a: 1, b: 1 }, { b: 2 }, hostile], { stacks: false });
  assertEquals(JSON.stringify(out), '{"a":1,"b":2,"__proto__":{"polluted":1}}');
  assertEquals(Reflect.get({}, "polluted"), undefined);
});
