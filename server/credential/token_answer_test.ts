import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { readTokenAnswer, retryAfterOf } from "./token_answer.ts";

const SENT = Date.UTC(2026, 0, 1);
const read = (status: number, body: unknown, retryAfter: string | null = null) =>
  readTokenAnswer(status, retryAfter, typeof body === "string" ? body : JSON.stringify(body), SENT);

function tokens(body: Record<string, unknown>) {
  const answer = read(200, { access_token: "a", ...body });
  assert(answer.kind === "tokens", answer.kind);
  return answer.tokens;
}

Deno.test("readTokenAnswer() takes the pair, and null where there is no refresh token", () => {
  assertEquals(tokens({ refresh_token: "r", expires_in: 60 }), {
    accessToken: "a",
    refreshToken: "r",
    lifetime: 60_000,
    sentAt: SENT,
  });
  assertEquals(tokens({}).refreshToken, null);
  assertEquals(tokens({ refresh_token: "" }).refreshToken, null);
  assertEquals(tokens({ refresh_token: null }).refreshToken, null);
});

Deno.test("readTokenAnswer() reads expires_in as a number or a string; else the lifetime is unknown, not over", () => {
  const lifetimes: [unknown, number | null][] = [
    [undefined, null],
    [null, null],
    ["3600", 3_600_000],
    [" 60 ", 60_000],
    [7_776_000, 7_776_000_000],
    [0, null],
    [-1, null],
    ["", null],
    ["soon", null],
    [{}, null],
    [true, null],
    ["Infinity", null],
    ["1e400", null],
  ];
  for (const [given, expected] of lifetimes) {
    assertEquals(tokens({ expires_in: given }).lifetime, expected, Deno.inspect(given));
  }
});

Deno.test("readTokenAnswer() keeps the pair whatever stands beside it (rule 7)", () => {
  for (const extra of [{ id_token: "broken" }, { token_type: "mac" }, { scope: 1 }, { error: "x" }, { userinfo: [] }]) {
    assertEquals(tokens({ refresh_token: "r", ...extra }).refreshToken, "r");
  }
});

Deno.test("readTokenAnswer() tells the endings apart", () => {
  const table: [number, unknown, string][] = [
    [200, {}, "unreadable"],
    [200, "", "unreadable"],
    [200, "<html>", "unreadable"],
    [200, '{"access_token":"a"}{"access_token":"a"}', "unreadable"],
    [200, [{ access_token: "a" }], "unreadable"],
    [200, "null", "unreadable"],
    [200, { access_token: "" }, "unreadable"],
    [200, { access_token: 1 }, "unreadable"],
    [200, { error: "invalid_grant" }, "grant_over"],
    [400, { error: "invalid_grant" }, "grant_over"],
    [401, { error: "invalid_grant" }, "grant_over"],
    [400, { error: "interaction_required" }, "grant_over"],
    [400, { error: "invalid_client" }, "refused"],
    [401, "", "refused"],
    [400, { error: "invalid_scope" }, "refused"],
    [404, "<html>", "refused"],
    [302, "", "refused"],
    [429, {}, "busy"],
    [503, "<html>", "busy"],
    [429, { error: "invalid_grant" }, "busy"],
    [500, { error: "invalid_grant" }, "lost"],
    [502, "", "lost"],
    [504, "", "lost"],
  ];
  for (const [status, body, expected] of table) {
    assertEquals(read(status, body).kind, expected, `${status} ${Deno.inspect(body)}`);
  }
});

Deno.test("readTokenAnswer() gives no reason that holds anything of the body but a plain error code", () => {
  fc.assert(fc.property(
    fc.integer({ min: 200, max: 599 }),
    fc.constantFrom("SECRET-1", "secret.2", "s3cret", `secret${"x".repeat(50)}`),
    fc.constantFrom("error", "error_description", "refresh_token", "x"),
    (status, secret, field) => {
      assert(!Deno.inspect(read(status, { [field]: secret })).includes(secret));
      assert(!Deno.inspect(read(status, `<html>${secret}`)).includes(secret));
    },
  ));
});

Deno.test("readTokenAnswer() never throws", () => {
  fc.assert(fc.property(
    fc.integer({ min: 100, max: 599 }),
    fc.oneof(fc.json(), fc.string()),
    fc.option(fc.string()),
    (status, text, retryAfter) => void readTokenAnswer(status, retryAfter, text, SENT),
  ));
});

Deno.test("retryAfterOf() reads seconds and dates, and an hour at most", () => {
  const table: [string | null, number | null][] = [
    [null, null],
    ["5", 5000],
    [" 120 ", 120_000],
    ["86400", 3_600_000],
    [new Date(SENT + 30_000).toUTCString(), 30_000],
    [new Date(SENT - 30_000).toUTCString(), 0],
    ["soon", null],
    ["", null],
  ];
  for (const [value, expected] of table) assertEquals(retryAfterOf(value, SENT), expected, `${value}`);
});
