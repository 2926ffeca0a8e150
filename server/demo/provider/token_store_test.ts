import { assert, assertEquals } from "@std/assert";
import { FakeClock } from "../../effects/fake_clock.ts";
import { systemRandom } from "../random.ts";
import { type TokenPair, TokenStore } from "./token_store.ts";

function begun() {
  const clock = new FakeClock();
  const tokens = new TokenStore(clock, systemRandom);
  return { clock, tokens, first: tokens.begin("me", "model") };
}

function pair(rotated: TokenPair | string): TokenPair {
  assert(typeof rotated !== "string", `refused: ${rotated}`);
  return rotated;
}

Deno.test("rotate() gives a new pair each time and leaves older access tokens alone", () => {
  const { tokens, first } = begun();
  const second = pair(tokens.rotate(first.refreshToken, "me"));
  const third = pair(tokens.rotate(second.refreshToken, "me"));
  assertEquals(new Set([first.refreshToken, second.refreshToken, third.refreshToken]).size, 3);
  assertEquals([first, second, third].map(({ accessToken }) => tokens.accepts(accessToken)), [true, true, true]);
  assertEquals([third.scope, third.expiresIn], ["model", 60]);
});

Deno.test("rotate() ends the whole family when a spent token comes back, however old", () => {
  const { tokens, first } = begun();
  const other = tokens.begin("me", "model");
  let last = first;
  for (let i = 0; i < 20; i++) last = pair(tokens.rotate(last.refreshToken, "me"));
  assertEquals(tokens.rotate(first.refreshToken, "me"), "reused");
  assertEquals(tokens.rotate(last.refreshToken, "me"), "unknown");
  assertEquals([first, last, other].map(({ accessToken }) => tokens.accepts(accessToken)), [false, false, true]);
  pair(tokens.rotate(other.refreshToken, "me"));
});

Deno.test("rotate() knows neither another client's token nor an invented one", () => {
  const { tokens, first } = begun();
  assertEquals(tokens.rotate(first.refreshToken, "you"), "unknown");
  assertEquals(tokens.rotate("made.up", "me"), "unknown");
  pair(tokens.rotate(first.refreshToken, "me"));
});

Deno.test("access tokens last 60 seconds, families a month without use", async () => {
  const { clock, tokens, first } = begun();
  await clock.advance(59_999);
  assertEquals(tokens.accepts(first.accessToken), true);
  await clock.advance(1);
  assertEquals(tokens.accepts(first.accessToken), false);
  const second = pair(tokens.rotate(first.refreshToken, "me"));
  await clock.advance(31 * 24 * 3_600_000);
  tokens.begin("me", "model");
  assertEquals(tokens.rotate(second.refreshToken, "me"), "unknown");
});

Deno.test("revoke() takes a family by its refresh token, an access token alone, and nothing by a stranger", () => {
  const { tokens, first } = begun();
  tokens.revoke("stranger");
  const second = pair(tokens.rotate(first.refreshToken, "me"));
  tokens.revoke(first.accessToken);
  assertEquals([tokens.accepts(first.accessToken), tokens.accepts(second.accessToken)], [false, true]);
  tokens.revoke(second.refreshToken);
  assertEquals(tokens.accepts(second.accessToken), false);
  assertEquals(tokens.rotate(second.refreshToken, "me"), "unknown");
});
