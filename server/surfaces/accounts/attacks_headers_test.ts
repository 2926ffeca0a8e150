import { assert, assertEquals } from "@std/assert";
import { head, sendRaw } from "../../testing/mod.ts";
import { type House, startHouse } from "./contract_fixture_test.ts";

const host = (house: House) => `host: ${house.gate.app.url.host}`;
const ask = (house: House, headers: readonly string[], line = "GET /users/me HTTP/1.1") =>
  sendRaw(house.gate.app.url, head(line, [host(house), ...headers]));

Deno.test("a good credential opens whatever the case of scheme and header", async () => {
  await using house = await startHouse();
  const ann = await house.user("ann");
  const key = await house.key(ann.access);
  for (
    const line of [`authorization: bearer ${ann.access}`, `AUTHORIZATION: BEARER ${key.key}`, `X-API-Key: ${key.key}`]
  ) {
    const answer = await ask(house, [line]);
    assertEquals(answer.status, 200, `${line.slice(0, 30)} ${answer.body}`);
  }
});

Deno.test("two credentials in one request never make a request of the stronger one", async () => {
  await using house = await startHouse();
  const admin = await house.admin();
  const ann = await house.user("ann");
  const key = (await house.key(ann.access)).key;
  const pairs: string[][] = [
    [`authorization: Bearer ${key}`, `authorization: Bearer ${admin}`],
    [`authorization: Bearer ${admin}`, `authorization: Bearer ${key}`],
    [`authorization: Bearer ${key}, Bearer ${admin}`],
    [`authorization: Bearer ${admin},Bearer ${key}`],
    [`authorization: Bearer ${key} ${admin}`],
    [`authorization: Bearer junk`, `x-api-key: ${key}`],
    [`x-api-key: junk`, `x-api-key: ${key}`],
    [`x-api-key: ${key}, junk`],
    [`authorization: Basic ${btoa("root:x")}`, `authorization: Bearer ${admin}`],
  ];
  for (const lines of pairs) {
    const answer = await ask(house, lines, "GET /users HTTP/1.1");
    assert(
      [400, 401, 403].includes(answer.status),
      `${lines.map((l) => l.slice(0, 40))}: ${answer.status} ${answer.body}`,
    );
  }
});

Deno.test("a header that is spoiled is refused, never trimmed into a good one", async () => {
  await using house = await startHouse();
  const ann = await house.user("ann");
  const key = (await house.key(ann.access)).key;
  const lines = [
    `authorization: Bearer\r\n ${key}`,
    `authorization: Bearer ${key.slice(0, 20)}\r\n ${key.slice(20)}`,
    `authorization: Bearer ${key}\u0000`,
    `authorization: Bearer \u0000${key}`,
    `authorization : Bearer ${key}`,
    `authorization\u0000: Bearer ${key}`,
    `authorization: Bearer${key}`,
    `authorization: Bearer "${key}"`,
    `authorization: ${key}`,
    `authorization: Token ${key}`,
    `authorization: Bearer ${key.toUpperCase()}`,
    `authorization: Bearer ${key}%00`,
    `authorization: Bearer ${key}\u00a0`,
    "authorization: Bearer",
    "authorization: ",
    "x-api-key: ",
    `authorization_x: Bearer ${key}`,
    `proxy-authorization: Bearer ${key}`,
    `cookie: authorization=Bearer ${key}; token=${key}; access_token=${ann.access}`,
  ];
  for (const line of lines) {
    const answer = await ask(house, [line]);
    assert(
      [400, 401, 0].includes(answer.status) || Number.isNaN(answer.status),
      `${JSON.stringify(line)}: ${answer.status} ${answer.body}`,
    );
  }
  const query = await ask(house, [], `GET /users/me?api_key=${key}&access_token=${ann.access}&ticket=${key} HTTP/1.1`);
  assertEquals(query.status, 401);
});

Deno.test("a huge credential is refused and the server goes on", async () => {
  await using house = await startHouse();
  const ann = await house.user("ann");
  for (const size of [5_000, 60_000, 1_000_000]) {
    for (const start of ["", "gh_", ann.access, "a.b."]) {
      const answer = await ask(house, [`authorization: Bearer ${start.padEnd(size, "a")}`]);
      assert(![200, 500, 503].includes(answer.status), `${size}: ${answer.status}`);
    }
  }
  assertEquals((await house.call("GET", "/users/me", ann.access)).status, 200);
});

Deno.test("an absolute-form target is judged by its path, and needs a credential as any other", async () => {
  await using house = await startHouse();
  const ann = await house.user("ann");
  const origin = house.gate.origin;
  for (
    const target of [`${origin}/users`, "http://evil.example/users", "http://root:x@127.0.0.1/users", "https://x/users"]
  ) {
    const without = await ask(house, [], `GET ${target} HTTP/1.1`);
    assert([400, 401, 403].includes(without.status), `${target}: ${without.status} ${without.body}`);
    const withUser = await ask(house, [`authorization: Bearer ${ann.access}`], `GET ${target} HTTP/1.1`);
    assert([400, 403].includes(withUser.status), `${target}: ${withUser.status} ${withUser.body}`);
  }
  for (const target of ["*", "users", "/users\\", "/users/%zz", "http://", "//evil.example/users"]) {
    const answer = await ask(house, [`authorization: Bearer ${ann.access}`], `GET ${target} HTTP/1.1`);
    assert([400, 403, 404].includes(answer.status), `${target}: ${answer.status} ${answer.body}`);
  }
});

Deno.test("headers that claim who or where one is are worth nothing", async () => {
  await using house = await startHouse();
  const claims = [
    "x-user: root",
    "x-remote-user: root",
    "remote-user: root",
    "x-forwarded-user: root",
    "x-forwarded-for: 127.0.0.1",
    "x-real-ip: 127.0.0.1",
    "forwarded: for=127.0.0.1",
    "x-original-url: /health/live",
    "x-rewrite-url: /health/live",
  ];
  for (const claim of claims) assertEquals((await ask(house, [claim])).status, 401, claim);
});

Deno.test("conflicting lengths and encodings smuggle no second request", async () => {
  await using house = await startHouse();
  const ann = await house.user("ann");
  const smuggled = `DELETE /keys/current HTTP/1.1\r\n${host(house)}\r\n\r\n`;
  const bodies = [
    ["content-length: 0", `content-length: ${smuggled.length}`],
    ["content-length: 4", "transfer-encoding: chunked"],
    ["transfer-encoding: chunked, identity"],
    ["transfer-encoding: xchunked"],
    ["content-length: +5"],
    ["content-length: 0x5"],
    ["content-length: -1"],
  ];
  for (const lines of bodies) {
    const text = head("POST /v1/chat/completions HTTP/1.1", [
      host(house),
      `authorization: Bearer ${ann.access}`,
      "content-type: application/json",
      ...lines,
    ]);
    const answer = await sendRaw(house.gate.app.url, `${text}0\r\n\r\n${smuggled}`);
    assert(answer.status !== 200 && !answer.body.includes("HTTP/1.1 2"), `${lines}: ${answer.status} ${answer.body}`);
  }
  assertEquals(house.upstream.calls.length, 0);
});
