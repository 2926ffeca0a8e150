import { assert, assertEquals } from "@std/assert";
import { createLogger, type LogSink } from "../../telemetry/mod.ts";
import { systemClock } from "../../effects/mod.ts";
import { ADMIN_PASSWORD, type Answer, codeOf, PASSWORD, startHouse, str } from "./contract_fixture_test.ts";

const shape = (answer: Answer) => ({
  status: answer.status,
  text: answer.text,
  headers: [...answer.headers].filter(([name]) => name !== "date" && name !== "x-request-id"),
});

Deno.test("an unknown user, a wrong password and a disabled user get the same answer, header for header", async () => {
  await using house = await startHouse();
  await house.user("ann");
  const bob = await house.user("bob");
  await house.limit(bob.id, { disabled: true });
  const wrong = await house.token("ann", "not the password");
  assertEquals([wrong.status, codeOf(wrong)], [401, "invalid_credentials"]);
  for (
    const [name, password] of [["nobody", "not the password"], ["bob", "not the password"], ["bob", PASSWORD], [
      "__proto__",
      "x".repeat(20),
    ], ["local", "not the password"]] as const
  ) {
    assertEquals(shape(await house.token(name, password)), shape(wrong), name);
  }
});

Deno.test("failed logins are limited with 429 and Retry-After, for unknown users just as for known ones", async () => {
  for (const name of ["ann", "nobody"]) {
    await using house = await startHouse();
    await house.user("ann");
    let attempts = 0;
    let last = await house.token(name, "guess 0");
    while (last.status === 401 && ++attempts < 100) last = await house.token(name, `guess ${attempts}`);
    assertEquals([last.status, codeOf(last)], [429, "too_many_attempts"], `${attempts} guesses: ${last.text}`);
    assert(attempts >= 2 && attempts < 100);
    const wait = Number(last.headers.get("retry-after"));
    assert(Number.isInteger(wait) && wait > 0, `${wait}`);
    const good = await house.token("ann");
    if (name === "ann") assertEquals(good.status, 429, "a right guess among too many tells that it was right");
    house.clock.skip(wait * 1000 + 1000);
    assertEquals((await house.token("ann")).status, 200, "after Retry-After the right password opens again");
  }
});

Deno.test("guessing one account's password does not shut others out, nor the account's own tokens and keys", async () => {
  await using house = await startHouse();
  const ann = await house.user("ann");
  const key = await house.key(ann.access);
  await house.user("bob");
  for (let n = 0; n < 100 && (await house.token("ann", `guess ${n}`)).status !== 429; n++);
  assertEquals((await house.token("bob")).status, 200);
  assertEquals((await house.token("root", ADMIN_PASSWORD)).status, 200);
  assertEquals((await house.call("GET", "/users/me", ann.access)).status, 200);
  assertEquals((await house.chat(key.key)).status, 200);
  const form = new URLSearchParams({ grant_type: "refresh_token", refresh_token: ann.refresh });
  assertEquals((await house.call("POST", "/token", null, form)).status, 200);
});

Deno.test("one address that tries many accounts is limited", async () => {
  await using house = await startHouse();
  let limited = false;
  for (let n = 0; n < 400 && !limited; n++) {
    limited = (await house.token(`nobody-${n}`, "a common password")).status === 429;
  }
  assert(limited, "400 failed logins from one address");
});

Deno.test("guessing in parallel gets no more guesses", async () => {
  await using house = await startHouse();
  await house.user("ann");
  const answers = await Promise.all(Array.from({ length: 60 }, (_, n) => house.token("ann", `guess ${n}`)));
  const judged = answers.filter((answer) => answer.status === 401).length;
  assert(judged <= 20, `${judged} of 60 guesses were judged`);
  for (const answer of answers) assert(answer.status === 401 || answer.status === 429, answer.text);
});

Deno.test("a stolen access token cannot guess the password at the password route without end", async () => {
  await using house = await startHouse();
  const ann = await house.user("ann");
  let limited = false;
  for (let n = 0; n < 60 && !limited; n++) {
    const answer = await house.call("POST", "/users/me/password", ann.access, {
      current_password: `guess ${n}`,
      new_password: PASSWORD,
    });
    assert(answer.status >= 400 && answer.status < 500, answer.text);
    limited = answer.status === 429;
  }
  assert(limited, "60 wrong passwords were judged");
});

Deno.test("a client cannot choose the address that its guesses are counted for", async () => {
  await using house = await startHouse();
  let limited = false;
  for (let n = 0; n < 400 && !limited; n++) {
    const form = new URLSearchParams({ username: `nobody-${n}`, password: "a common password" });
    const headers = { "x-forwarded-for": `203.0.113.${n % 250}`, forwarded: `for=203.0.113.${n % 250}` };
    limited = (await house.call("POST", "/token", null, form, headers)).status === 429;
  }
  assert(limited, "400 failed logins from one address");
});

Deno.test("behind a trusted proxy each address is limited for itself, by the part that the proxy wrote", async () => {
  await using house = await startHouse({ TRUSTED_PROXIES: "127.0.0.1" });
  await house.user("ann");
  const from = (address: string, username: string, password: string) =>
    house.call("POST", "/token", null, new URLSearchParams({ username, password }), { "x-forwarded-for": address });
  let limited = false;
  for (let n = 0; n < 400 && !limited; n++) {
    limited = (await from(`8.8.8.${n % 250}, 203.0.113.9`, `nobody-${n}`, "guess")).status === 429;
  }
  assert(limited, "an address hid behind what it wrote itself");
  assertEquals((await from("203.0.113.9", "ann", PASSWORD)).status, 429);
  assertEquals((await from("203.0.113.10", "ann", PASSWORD)).status, 200);
});

Deno.test("spellings of one name share its guesses", async () => {
  await using house = await startHouse();
  await house.user("annabella");
  let judged = 0;
  for (let n = 0; n < 40; n++) {
    const name = [..."annabella"].map((letter, at) => (n >> at) & 1 ? letter.toUpperCase() : letter).join("");
    if ((await house.token(name, `guess ${n}`)).status === 401) judged++;
  }
  assert(judged <= 15, `${judged} of 40 guesses were judged`);
});

Deno.test("no log line holds a password, a token or a key, on any path", async () => {
  const lines: string[] = [];
  const sink: LogSink = {
    format: "json",
    write: (line) => lines.push(line) > 0,
    flush: async () => {},
    close: async () => {},
  };
  const log = createLogger({ level: "debug", sinks: [sink], clock: systemClock });
  const house = await startHouse({}, { log });
  await using _ = house;
  const ann = await house.user("ann");
  const key = await house.key(ann.access);
  await house.token("ann", "a-wrong-password-canary");
  await house.token("password-typed-as-name-canary", "x");
  await house.chat(key.key);
  await house.call("GET", `/v1/models?api_key=${key.key}&token=${ann.refresh}`, key.key);
  await house.chat(`${key.key}x`);
  await house.call("GET", `/users/${key.key}`, ann.access);
  await house.call("GET", "/users/me", `${ann.access}x`);
  await house.call("POST", "/users", null, `{"username":"eve","password":"spoiled-canary`);
  await house.call("POST", "/users", null, { username: "ann", password: "taken-canary-password" });
  await house.call("POST", "/users", null, { username: "eve", password: "unknown-canary-password", x: 1 });
  const refresh = new URLSearchParams({ grant_type: "refresh_token", refresh_token: ann.refresh });
  const next = await house.call("POST", "/token", null, refresh);
  house.clock.skip(11_000);
  await house.call("POST", "/token", null, refresh);
  await house.call("POST", "/revoke", null, new URLSearchParams({ token: str(next.json["refresh_token"]) }));
  const again = await house.login("ann");
  await house.call("POST", "/users/me/password", again.access, {
    current_password: PASSWORD,
    new_password: "the-next-password-canary",
  });
  await house.call("DELETE", "/keys/current", key.key);
  house.upstream.answer = () => Response.json({ error: { message: `no ${key.key}` } }, { status: 500 });
  await house.chat(await house.admin());
  assert(lines.length > 0, "nothing was logged");
  const secrets = [
    PASSWORD,
    ADMIN_PASSWORD,
    "canary",
    key.key,
    ann.access,
    ann.refresh,
    again.access,
    again.refresh,
    str(next.json["access_token"]),
    str(next.json["refresh_token"]),
    ann.access.split(".")[2] ?? "",
    key.key.slice(20),
  ];
  for (const line of lines) for (const secret of secrets) assert(!line.includes(secret), `${secret}: ${line}`);
});

Deno.test("nothing that a store holds or an answer says shows a password's hash or a key's", async () => {
  await using house = await startHouse();
  const admin = await house.admin();
  const ann = await house.user("ann");
  const key = await house.key(ann.access);
  for (const path of ["/users", "/users/me", "/keys"]) {
    const answer = await house.call("GET", path, admin);
    assert(!/hash|argon|salt|password|secret/i.test(answer.text), answer.text);
  }
  await house.gate.app.stop();
  const secrets = [PASSWORD, ADMIN_PASSWORD, key.key.slice(20), ann.refresh.split(".").at(-1) ?? ""];
  for await (const entry of Deno.readDir(`${house.gate.dir}/data`)) {
    if (!entry.isFile) continue;
    const bytes = await Deno.readFile(`${house.gate.dir}/data/${entry.name}`);
    const text = new TextDecoder("latin1").decode(bytes);
    for (const secret of secrets) assert(!text.includes(secret), `${entry.name} holds ${secret}`);
  }
});
