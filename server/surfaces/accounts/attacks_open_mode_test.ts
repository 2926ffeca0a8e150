import { assert, assertEquals } from "@std/assert";
import { head, sendRaw } from "../../testing/mod.ts";
import { type Answer, codeOf, type House, PASSWORD, startHouse } from "./contract_fixture_test.ts";

const ROUTES = [
  ["GET", "/v1/models"],
  ["GET", "/api/v1/llm/models"],
  ["GET", "/api/v1/llm/usage"],
  ["GET", "/users/me"],
  ["GET", "/users"],
  ["GET", "/keys"],
  ["GET", "/health"],
  ["POST", "/keys"],
  ["POST", "/users"],
  ["POST", "/token"],
  ["POST", "/revoke"],
  ["POST", "/credential/login"],
] as const;

async function raw(house: House, method: string, target: string, headers: readonly string[]): Promise<Answer> {
  const more = method === "POST" ? ["content-length: 0"] : [];
  const answer = await sendRaw(house.gate.app.url, head(`${method} ${target} HTTP/1.1`, [...headers, ...more]));
  const start = answer.body.indexOf("{");
  let json = {};
  try {
    json = JSON.parse(answer.body.slice(start, answer.body.lastIndexOf("}") + 1));
  } catch {
    // No JSON, and so no code.
  }
  return { status: answer.status, headers: answer.headers, text: answer.body, json };
}

const open = () => startHouse({ AUTH: "auto" });

Deno.test("open mode makes everyone on the machine the administrator local, whatever the dummy key", async () => {
  await using house = await open();
  for (const credential of [null, "dummy", "sk-x"]) {
    const me = await house.call("GET", "/users/me", credential);
    assertEquals([me.status, me.json["username"], me.json["role"]], [200, "local", "admin"], me.text);
    assertEquals((await house.call("GET", "/users", credential)).status, 200);
  }
});

Deno.test("open mode refuses a Host that is rebound, on every route", async () => {
  await using house = await open();
  const port = house.gate.app.url.port;
  for (const [method, path] of ROUTES) {
    for (
      const name of [
        "evil.example",
        "127.0.0.1.evil.example",
        "localhost.",
        "0.0.0.0",
        "127.1",
        "2130706433",
        "[::]",
        "127.0.0.2",
        "user@127.0.0.1",
        "",
      ]
    ) {
      const answer = await raw(house, method, path, [`host: ${name}${name === "" ? "" : `:${port}`}`]);
      assert([400, 403].includes(answer.status), `${method} ${path} at ${name}: ${answer.status} ${answer.text}`);
      if (answer.status === 403) assertEquals(codeOf(answer), "host_not_allowed");
    }
    const absolute = await raw(house, method, `http://evil.example:${port}${path}`, [`host: 127.0.0.1:${port}`]);
    assert([400, 403].includes(absolute.status), `${method} ${path}: ${absolute.status} ${absolute.text}`);
    const two = await raw(house, method, path, [`host: 127.0.0.1:${port}`, "host: evil.example"]);
    assert([400, 403].includes(two.status), `${method} ${path}: ${two.status} ${two.text}`);
  }
});

Deno.test("open mode refuses foreign, null and cross-site origins, on every route", async () => {
  await using house = await open();
  const { port, host } = house.gate.app.url;
  const lines = [
    "origin: https://evil.example",
    "origin: null",
    `origin: https://127.0.0.1:${port}`,
    `origin: http://localhost:${port}`,
    "origin: http://127.0.0.1",
    `origin: http://127.0.0.1:${Number(port) + 1}`,
    `origin: http://127.0.0.1:${port}.evil.example`,
    `origin: http://127.0.0.1:${port}/`,
    `origin: http://127.0.0.1:${port}, https://evil.example`,
    "origin: ",
    "sec-fetch-site: cross-site",
  ];
  for (const [method, path] of ROUTES) {
    for (const line of lines) {
      const answer = await raw(house, method, path, [`host: ${host}`, line]);
      const expected = codeOf(answer) === "origin_not_allowed" || answer.status === 400;
      assert(answer.status >= 400 && expected, `${method} ${path} ${line}: ${answer.status} ${answer.text}`);
    }
  }
  const own = await raw(house, "GET", "/users/me", [`host: ${host}`, `origin: http://${host}`]);
  assertEquals(own.status, 200, own.text);
});

Deno.test("behind a reverse proxy open mode demands a credential, and takes a good one", async () => {
  await using house = await open();
  const { host } = house.gate.app.url;
  const ann = await house.user("ann");
  const key = await house.key(ann.access);
  const lines = [
    "forwarded: for=1.2.3.4",
    "x-forwarded-for: 1.2.3.4",
    "x-forwarded-host: x",
    "x-forwarded-proto: https",
    "X-Forwarded-Anything: 1",
    "via: 1.1 proxy",
    "forwarded: ",
    "x-forwarded-for:",
  ];
  for (const line of lines) {
    for (const [method, path] of ROUTES) {
      if (path === "/token" || path === "/revoke" || path === "/users") continue;
      const without = await raw(house, method, path, [`host: ${host}`, line]);
      assertEquals(
        [without.status, codeOf(without)],
        [401, "credential_required"],
        `${method} ${path} ${line} ${without.text}`,
      );
    }
    const dummy = await raw(house, "GET", "/users/me", [`host: ${host}`, line, "authorization: Bearer dummy"]);
    assertEquals(dummy.status, 401, dummy.text);
    for (const credential of [ann.access, key.key]) {
      const good = await raw(house, "GET", "/users/me", [`host: ${host}`, line, `authorization: Bearer ${credential}`]);
      assertEquals(good.status, 200, good.text);
    }
  }
});

Deno.test("behind a reverse proxy nobody registers in open mode unless the settings say so", async () => {
  await using house = await startHouse({ AUTH: "auto", REGISTRATION: "" });
  const stranger = { username: "stranger", password: PASSWORD };
  for (
    const headers of [{ "x-forwarded-for": "203.0.113.7" }, { via: "1.1 proxy" }, { forwarded: "for=203.0.113.7" }]
  ) {
    const answer = await house.call("POST", "/users", null, stranger, headers);
    assert(answer.status === 401 || answer.status === 403, answer.text);
  }
});

Deno.test("a cookie opens nothing to a foreign origin, and a made-up one nothing at all", async () => {
  await using house = await startHouse();
  const ann = await house.user("ann");
  for (
    const name of [
      "gatehouse",
      "session",
      "token",
      "access_token",
      "gatehouse_session",
      "__Host-gatehouse",
      "__Host-session",
    ]
  ) {
    for (const value of [ann.access, ann.refresh]) {
      const answer = await house.call("GET", "/users/me", null, undefined, {
        cookie: `${name}=${value}`,
        origin: "https://evil.example",
      });
      assert(answer.status === 401 || answer.status === 403, answer.text);
    }
  }
});

Deno.test("CORS is off unless configured", async () => {
  await using house = await startHouse();
  const ann = await house.user("ann");
  const headers = {
    origin: "https://app.example",
    "access-control-request-method": "POST",
    "access-control-request-headers": "authorization",
  };
  for (const [method, path] of ROUTES) {
    const preflight = await house.call("OPTIONS", path, null, undefined, headers);
    assertEquals(preflight.headers.get("access-control-allow-origin"), null, `${method} ${path}`);
    const real = await house.call("GET", "/users/me", ann.access, undefined, { origin: "https://app.example" });
    assertEquals(real.headers.get("access-control-allow-origin"), null);
  }
});
