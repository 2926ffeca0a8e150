import { assert, assertEquals } from "@std/assert";
import { head, sendRaw } from "../../testing/mod.ts";
import { assertError, codeOf, type House, PASSWORD, startHouse } from "./contract_fixture_test.ts";

interface Route {
  readonly method: "POST" | "PATCH";
  readonly path: string;
  readonly credential: string | null;
  /** A good body without its braces. */
  readonly good: string;
}

async function routes(house: House): Promise<Route[]> {
  const admin = await house.admin();
  const ann = await house.user("ann");
  const key = await house.key(ann.access);
  const messages = '"messages":[{"role":"user","content":"x"}]';
  return [
    { method: "POST", path: "/users", credential: null, good: `"username":"eve","password":"${PASSWORD}"` },
    {
      method: "POST",
      path: "/users/me/password",
      credential: ann.access,
      good: '"current_password":"x","new_password":"y"',
    },
    { method: "PATCH", path: `/users/${ann.id}`, credential: admin, good: '"rpm":5' },
    { method: "POST", path: "/keys", credential: ann.access, good: '"name":"k"' },
    { method: "PATCH", path: `/keys/${key.id}`, credential: ann.access, good: '"name":"k"' },
    { method: "POST", path: "/api/v1/llm/chat", credential: ann.access, good: messages },
    { method: "POST", path: "/api/v1/llm/chat/stream", credential: ann.access, good: messages },
  ];
}

Deno.test("a body that is no JSON object is 400 on every route", async () => {
  await using house = await startHouse();
  for (const { method, path, credential, good } of await routes(house)) {
    const deep = "[".repeat(50_000) + "]".repeat(50_000);
    const nested = `{${good},"x":${'{"a":'.repeat(9_000)}1${"}".repeat(9_000)}}`;
    for (
      const body of ["{", "[]", "null", "5", '"x"', `{${good}`, `{${good}}}`, `{${good}} {}`, "\u0000", deep, nested]
    ) {
      const answer = await house.call(method, path, credential, body);
      assert(
        [400, 413].includes(answer.status),
        `${method} ${path} ${body.slice(0, 60)}: ${answer.status} ${answer.text}`,
      );
    }
    assertError(
      await house.call(method, path, credential, "", { "content-type": "application/json" }),
      400,
      "invalid_json",
    );
  }
});

Deno.test("bytes that are no UTF-8 are 400 on every route", async () => {
  await using house = await startHouse();
  for (const { method, path, credential, good } of await routes(house)) {
    const [before, after] = [new TextEncoder().encode(`{${good},"x":"`), new TextEncoder().encode('"}')];
    const body = new Uint8Array([...before, 0xff, 0xfe, ...after]);
    assertError(await house.call(method, path, credential, body), 400, "invalid_json");
  }
});

Deno.test("a key that is repeated is 400 on every route, however it is escaped", async () => {
  await using house = await startHouse();
  for (const { method, path, credential, good } of await routes(house)) {
    const name = /"(\w+)"/.exec(good)?.[1] ?? "";
    const escaped = `\\u${name.charCodeAt(0).toString(16).padStart(4, "0")}${name.slice(1)}`;
    for (const body of [`{${good},${good}}`, `{${good},"${escaped}":1}`]) {
      assertError(await house.call(method, path, credential, body), 400, "invalid_json");
    }
  }
});

Deno.test("prototype keys are unknown fields like any other, and change nothing", async () => {
  await using house = await startHouse();
  for (const { method, path, credential, good } of await routes(house)) {
    for (const name of ["__proto__", "constructor", "prototype", "toString", "hasOwnProperty", ""]) {
      const body = `{${good},${JSON.stringify(name)}:{"role":"admin","rpm":1,"polluted":true}}`;
      const answer = await house.call(method, path, credential, body);
      assertEquals(
        [answer.status, codeOf(answer)],
        [422, "invalid_field"],
        `${method} ${path} ${name}: ${answer.text}`,
      );
    }
  }
  assert(!("polluted" in {}));
});

Deno.test("prototype keys inside a budget are refused", async () => {
  await using house = await startHouse();
  const ann = await house.user("ann");
  for (
    const inner of ['"__proto__":{"amount_micros":1,"period":"day"}', '"amount_micros":1,"period":"day","__proto__":{}']
  ) {
    const answer = await house.call("POST", "/keys", ann.access, `{"name":"k","budget":{${inner}}}`);
    assertEquals(answer.status, 422, answer.text);
  }
});

Deno.test("another content type is 415 on every route", async () => {
  await using house = await startHouse();
  for (const { method, path, credential, good } of await routes(house)) {
    for (
      const type of [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/jsonp",
        "text/plain; application/json",
      ]
    ) {
      const answer = await house.call(method, path, credential, `{${good}}`, { "content-type": type });
      assertError(answer, 415, "unsupported_media_type");
    }
  }
});

Deno.test("a body over MAX_BODY_BYTES is 413 on every route, with a length and without, before its end has come", async () => {
  await using house = await startHouse({ MAX_BODY_BYTES: "10000" });
  const { url } = house.gate.app;
  const all = [...await routes(house), { method: "POST", path: "/token", credential: null, good: "" }, {
    method: "POST",
    path: "/revoke",
    credential: null,
    good: "",
  }];
  for (const { method, path, credential } of all) {
    const form = path === "/token" || path === "/revoke";
    const headers = [
      `host: ${url.host}`,
      `content-type: ${form ? "application/x-www-form-urlencoded" : "application/json"}`,
      ...(credential === null ? [] : [`authorization: Bearer ${credential}`]),
    ];
    const start = form ? "username=" : '{"x":"';
    const long = await sendRaw(
      url,
      head(`${method} ${path} HTTP/1.1`, [...headers, "content-length: 5000000"]) + start + "x".repeat(20_000),
    );
    assertEquals(long.status, 413, `${method} ${path}: ${long.body}`);
    const piece = `4000\r\n${"x".repeat(0x4000)}\r\n`;
    const chunked = await sendRaw(
      url,
      head(`${method} ${path} HTTP/1.1`, [...headers, "transfer-encoding: chunked"]) + piece + piece,
    );
    assertEquals(chunked.status, 413, `${method} ${path}: ${chunked.body}`);
  }
});

Deno.test("the limit that a 413 tells to raise is the one that was passed", async () => {
  await using house = await startHouse({ MAX_BODY_BYTES: "1MiB" });
  const answer = await house.call("POST", "/users", null, { username: "eve", password: "x".repeat(100_000) });
  if (answer.status === 413) assert(!answer.text.includes("raise MAX_BODY_BYTES"), answer.text);
  else assertError(answer, 422, "invalid_field", "password");
});

Deno.test("forms of /token and /revoke take anything without a fault of ours", async () => {
  await using house = await startHouse();
  const forms = [
    "%",
    "%zz=%",
    "&&&&",
    "=",
    "username=%00&password=%00",
    "username=%ff&password=%ff",
    `username=${"a".repeat(50_000)}&password=b`,
    `username=a&password=${"b".repeat(50_000)}`,
    "__proto__=x&constructor=y",
    "grant_type=refresh_token&refresh_token=%00",
    "grant_type=%00",
    "a=".repeat(20_000),
  ];
  for (const path of ["/token", "/revoke"]) {
    for (const form of forms) {
      const answer = await house.call("POST", path, null, form, {
        "content-type": "application/x-www-form-urlencoded",
      });
      assert(answer.status < 500, `${path} ${form.slice(0, 40)}: ${answer.status} ${answer.text}`);
      if (path === "/token") assert(answer.status >= 400);
    }
  }
});
