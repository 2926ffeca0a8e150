import { assert, assertEquals, assertNotEquals } from "@std/assert";
import {
  assertError,
  assertTime,
  assertUlid,
  type Json,
  person,
  rows,
  startTalk,
  str,
} from "./contract_talk_fixture.ts";

const SESSION = [
  "created_at",
  "message_count",
  "model",
  "name",
  "session_id",
  "settings",
  "thread_id",
  "updated_at",
  "user_id",
];
const NOWHERE = "01ARZ3NDEKTSV4RRFFQ69G5FAV";

Deno.test("POST /conversation/session answers 201 with exactly a session", async () => {
  await using talk = await startTalk();
  const { ann } = talk;
  const made = await ann.call("POST", "/conversation/session", { name: "trip" });
  assertEquals(made.status, 201, made.text);
  assertEquals(Object.keys(made.json).sort(), SESSION);
  assertUlid(made.json["session_id"]);
  assertUlid(made.json["thread_id"]);
  assertTime(made.json["created_at"]);
  assertTime(made.json["updated_at"]);
  assertEquals([made.json["user_id"], made.json["name"], made.json["message_count"]], [ann.id, "trip", 0]);
  assertEquals(made.json["settings"], {});
  assertEquals(made.headers.get("content-type"), "application/json");
  assertNotEquals(made.headers.get("x-request-id"), null);
  const got = await ann.call("GET", `/conversation/session/${str(made.json["session_id"])}`);
  assertEquals([got.status, got.json], [200, made.json]);
  assertEquals(talk.upstream.calls.length, 0);
});

Deno.test("POST /conversation/session names the field that is wrong or unknown", async () => {
  await using talk = await startTalk();
  const cases: [Json, string][] = [
    [{ name: 7 }, "name"],
    [{ name: "x".repeat(100_000) }, "name"],
    [{ name: ["a"] }, "name"],
    [{ model: "m1" }, "model"],
    [{ settings: {} }, "settings"],
    [{ user_id: NOWHERE }, "user_id"],
    [{ session_id: NOWHERE }, "session_id"],
    [{ constructor: 1 }, "constructor"],
  ];
  for (const [body, param] of cases) {
    assertError(await talk.ann.call("POST", "/conversation/session", body), 422, "invalid_field", param);
  }
  assertEquals(rows(await talk.ann.call("GET", "/conversation/sessions/user/me")), []);
});

Deno.test("bodies that are no JSON object, of the wrong type, or too large", async () => {
  await using talk = await startTalk({ MAX_BODY_BYTES: "20000" });
  const { ann } = talk;
  const session = await ann.session();
  const doors: [string, string][] = [
    ["POST", "/conversation"],
    ["POST", "/conversation/session"],
    ["PATCH", `/conversation/session/${session}`],
    ["POST", "/set-llm"],
    ["POST", "/chat"],
    ["POST", "/create_session"],
    ["POST", "/ws-ticket"],
  ];
  for (const [method, path] of doors) {
    for (const body of ["{", "[]", "null", '"x"', '{"a":1,"a":2}', "{} {}", "NaN"]) {
      assertError(await ann.call(method, path, body), 400, "invalid_json");
    }
    const text = await ann.call(method, path, "{}", { "content-type": "text/plain" });
    assertError(text, 415, "unsupported_media_type");
    const form = await ann.call(method, path, new URLSearchParams({ message: "x" }));
    assertError(form, 415, "unsupported_media_type");
    const large = await ann.call(method, path, { message: "x".repeat(20_001) });
    assertError(large, 413, "body_too_large");
  }
  const utf8 = await ann.call("POST", "/conversation/session", "{}", {
    "content-type": "Application/JSON; charset=utf-8",
  });
  assertEquals(utf8.status, 201, utf8.text);
  assertEquals(talk.upstream.calls.length, 0);
});

Deno.test("a path that exists answers 405 with allow to another method, and 404 to no path at all", async () => {
  await using talk = await startTalk();
  const { ann } = talk;
  const session = await ann.session();
  const cases: [string, string][] = [
    ["GET", "/conversation"],
    ["PUT", `/conversation/session/${session}`],
    ["POST", `/conversation/session/${session}/history`],
    ["GET", `/conversation/session/${session}/stop`],
    ["POST", `/conversation/sessions/user/me`],
    ["GET", "/chat"],
    ["GET", "/set-llm"],
    ["GET", "/create_session"],
    ["GET", "/ws-ticket"],
  ];
  for (const [method, path] of cases) {
    const answer = await ann.call(method, path);
    assertError(answer, 405, "method_not_allowed");
    assertNotEquals(answer.headers.get("allow"), null);
  }
  assertError(await ann.call("GET", "/conversation/nothing"), 404, "not_found");
  assertError(await ann.call("GET", `/conversation/session/${session}/nothing`), 404, "not_found");
});

Deno.test("PATCH answers the session, changes only what it names, and names wrong fields", async () => {
  await using talk = await startTalk();
  const { ann } = talk;
  const session = await ann.session({ name: "one" });
  const path = `/conversation/session/${session}`;
  const settings = { model: "m2", temperature: 0.5, max_tokens: 100, top_p: 0.9, system_prompt: "be brief" };
  const set = await ann.call("PATCH", path, { settings });
  assertEquals([set.status, Object.keys(set.json).sort()], [200, SESSION], set.text);
  assertEquals([set.json["settings"], set.json["name"], set.json["model"]], [settings, "one", "m2"]);
  const named = await ann.call("PATCH", path, { name: "two" });
  assertEquals([named.json["name"], named.json["settings"]], ["two", settings]);
  assertEquals((await ann.call("PATCH", path, {})).json["name"], "two");
  const before = await ann.show(session);
  const cases: [Json, string][] = [
    [{ name: 5 }, "name"],
    [{ name: "x".repeat(100_000) }, "name"],
    [{ settings: 5 }, "settings"],
    [{ settings: [] }, "settings"],
    [{ settings: { temperature: "hot" } }, "settings.temperature"],
    [{ settings: { temperature: -1 } }, "settings.temperature"],
    [{ settings: { temperature: 100 } }, "settings.temperature"],
    [{ settings: { top_p: 2 } }, "settings.top_p"],
    [{ settings: { top_p: -0.1 } }, "settings.top_p"],
    [{ settings: { max_tokens: 0 } }, "settings.max_tokens"],
    [{ settings: { max_tokens: 1.5 } }, "settings.max_tokens"],
    [{ settings: { model: 5 } }, "settings.model"],
    [{ settings: { model: "" } }, "settings.model"],
    [{ settings: { system_prompt: 5 } }, "settings.system_prompt"],
    [{ settings: { stream: true } }, "settings.stream"],
    [{ model: "m2" }, "model"],
    [{ message_count: 5 }, "message_count"],
    [{ user_id: "x" }, "user_id"],
    [{ name: "three", nonsense: 1 }, "nonsense"],
  ];
  for (const [body, param] of cases) {
    assertError(await ann.call("PATCH", path, body), 422, "invalid_field", param);
  }
  assertEquals(await ann.show(session), before);
});

Deno.test("DELETE answers 204 without a body, and then there is nothing", async () => {
  await using talk = await startTalk();
  const { ann } = talk;
  const kept = await ann.session({ name: "kept" });
  const { session_id } = await ann.turn({ message: "hello" });
  const path = `/conversation/session/${str(session_id)}`;
  const gone = await ann.call("DELETE", path);
  assertEquals([gone.status, gone.text], [204, ""]);
  assertError(await ann.call("DELETE", path), 404, "not_found");
  assertError(await ann.call("GET", path), 404, "not_found");
  assertError(await ann.call("PATCH", path, { name: "x" }), 404, "not_found");
  assertError(await ann.call("GET", `${path}/history`), 404, "not_found");
  assertError(await ann.call("GET", `${path}/stream`), 404, "not_found");
  assertError(await ann.call("GET", `${path}/export?format=md`), 404, "not_found");
  assertError(await ann.call("POST", `${path}/stop`), 404, "not_found");
  const turn = await ann.call("POST", "/conversation", { message: "x", session_id, stream: false });
  assertError(turn, 404, "not_found");
  const list = rows(await ann.call("GET", "/conversation/sessions/user/me"));
  assertEquals(list.map((one) => one["session_id"]), [kept]);
});

Deno.test("another user's session is not there, whatever the door; an administrator's neither", async () => {
  await using talk = await startTalk();
  const { ann, house } = talk;
  const bob = await person(house, "bob");
  const { session_id, message_id } = await ann.turn({ message: "secret" });
  const id = str(session_id);
  const path = `/conversation/session/${id}`;
  const doors: [string, string, Json?][] = [
    ["GET", path],
    ["PATCH", path, { name: "mine" }],
    ["DELETE", path],
    ["GET", `${path}/history`],
    ["GET", `${path}/stream`],
    ["POST", `${path}/stop`],
    ["GET", `${path}/export?format=json`],
    ["POST", "/conversation", { message: "x", session_id: id, stream: false }],
    ["POST", "/conversation", { message: "x", session_id: id }],
    ["POST", "/conversation", { message: "x", session_id: id, replace_from: message_id }],
    ["POST", "/chat", { session_id: id, message: "x" }],
    ["POST", "/set-llm", { session_id: id }],
    ["POST", "/ws-ticket", { session_id: id }],
    ["GET", `/conversation/sessions/user/${ann.id}`],
  ];
  for (const [method, door, body] of doors) {
    assertError(await bob.call(method, door, body), 404, "not_found");
    const unknown = await bob.call(
      method,
      door.replace(id, NOWHERE).replace(ann.id, NOWHERE),
      body && {
        ...body,
        ...("session_id" in body ? { session_id: NOWHERE } : {}),
      },
    );
    assertError(unknown, 404, "not_found");
  }
  assertEquals((await ann.history(id)).length, 2);
  const admin = await house.admin();
  for (const door of [path, `${path}/history`, `/conversation/sessions/user/${ann.id}`]) {
    assertError(await house.call("GET", door, admin), 404, "not_found");
  }
  assertEquals(talk.upstream.calls.length, 1);
});

Deno.test("ids that are none are 404, or 422 in a body, and never 500", async () => {
  await using talk = await startTalk();
  const { ann } = talk;
  for (const id of ["x", "%00", "..%2f..", "💥", "a".repeat(5000), NOWHERE.toLowerCase(), "__proto__"]) {
    const path = `/conversation/session/${id}`;
    for (const door of [path, `${path}/history`, `${path}/stream`]) {
      const answer = await ann.call("GET", door);
      assert([400, 404, 414].includes(answer.status), `${id}: ${answer.status} ${answer.text}`);
    }
    const turn = await ann.call("POST", "/conversation", { message: "x", session_id: id });
    assert([404, 422].includes(turn.status), `${id}: ${turn.text}`);
  }
  assertError(
    await ann.call("POST", "/conversation", { message: "x", session_id: 5 }),
    422,
    "invalid_field",
    "session_id",
  );
});

Deno.test("the list shows each session once, newest first, page by page, by me or the own id", async () => {
  await using talk = await startTalk();
  const { ann, house } = talk;
  const bob = await person(house, "bob");
  await bob.session({ name: "bob's" });
  const made: string[] = [];
  for (let n = 0; n < 7; n++) made.push(await ann.session({ name: `Session ${n}` }));
  for (const who of ["me", ann.id]) {
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const query: string = cursor === null ? "" : `&cursor=${encodeURIComponent(cursor)}`;
      const page = await ann.call("GET", `/conversation/sessions/user/${who}?limit=3${query}`);
      const data = rows(page);
      assert(data.length <= 3 && data.length > 0);
      for (const one of data) assertEquals(Object.keys(one).sort(), SESSION);
      seen.push(...data.map((one) => str(one["session_id"])));
      cursor = page.json["next_cursor"] === null ? null : str(page.json["next_cursor"]);
    } while (cursor !== null);
    assertEquals(seen, made.toReversed());
  }
  const whole = await ann.call("GET", "/conversation/sessions/user/me?limit=7");
  assertEquals([rows(whole).length, whole.json["next_cursor"]], [7, null]);
  for (const query of ["limit=0", "limit=-1", "limit=x", "limit=1e2", "limit=99999999", "limit=", "limit=1.5"]) {
    assertError(await ann.call("GET", `/conversation/sessions/user/me?${query}`), 422, "invalid_field", "limit");
  }
  for (const query of ["cursor=x", "cursor=", "cursor=%00", "cursor=AAAA%2B%2F=="]) {
    assertError(await ann.call("GET", `/conversation/sessions/user/me?${query}`), 422, "invalid_field", "cursor");
  }
});

Deno.test("?q= searches names, without regard to case, with pages", async () => {
  await using talk = await startTalk();
  const { ann } = talk;
  for (const name of ["Trip to Rome", "tax", "TRIP to Ulm", "Čaj", "100%"]) await ann.session({ name });
  const find = async (q: string, more = "") => {
    const page = await ann.call("GET", `/conversation/sessions/user/me?q=${encodeURIComponent(q)}${more}`);
    return rows(page).map((one) => one["name"]);
  };
  assertEquals(await find("trip"), ["TRIP to Ulm", "Trip to Rome"]);
  assertEquals(await find("rome"), ["Trip to Rome"]);
  assertEquals(await find("čaj"), ["Čaj"]);
  assertEquals(await find("%"), ["100%"]);
  assertEquals(await find("nothing"), []);
  assertEquals(await find("trip", "&limit=1"), ["TRIP to Ulm"]);
  await ann.session();
  assertEquals((await find("")).length, 6);
});
