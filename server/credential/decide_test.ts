import { assertEquals } from "@std/assert";
import { decide, type Situation } from "./decide.ts";
import type { CredentialRecord } from "./record.ts";

const NOW = 1_000_000;
const RECORD: CredentialRecord = {
  v: 1,
  refreshToken: "r1",
  accessToken: "a1",
  expiresAt: NOW + 1000,
  obtainedAt: NOW - 1000,
  intent: null,
  reauth: null,
};
const SITUATION: Situation = {
  accessToken: "a1",
  works: false,
  grant: "refresh_token",
  now: NOW,
  unsent: new Set(["mine"]),
};
const intent = (losses: number, id = "other") => ({ id, at: NOW - 10, losses });

const TABLE: readonly [string, Partial<CredentialRecord> | null, Partial<Situation>, string][] = [
  ["the failed token is still the stored one", {}, {}, "redeem 0"],
  ["a token that works is renewed early", {}, { works: true }, "redeem 0"],
  ["another process renewed", { accessToken: "a2", refreshToken: "r2" }, {}, "use"],
  ["another process renewed and is in doubt since", { accessToken: "a2", intent: intent(1) }, {}, "use"],
  ["a fresh process finds a living token", {}, { accessToken: null }, "use"],
  ["a fresh process finds a living token of a dead grant", { reauth: { since: 1, reason: "x" } }, {
    accessToken: null,
  }, "use"],
  ["another token that has ended too", { accessToken: "a2", expiresAt: NOW }, {}, "redeem 0"],
  ["another token without a known end", { accessToken: "a2", expiresAt: null }, {}, "use"],
  ["a seed without an access token", { accessToken: null, expiresAt: null }, { works: true }, "redeem 0"],
  ["a dead process's intent, the old token still works", { intent: intent(0) }, { works: true }, "wait"],
  ["a dead process's intent, the old token is over", { intent: intent(0) }, {}, "redeem 1"],
  ["one lost answer, the old token still works", { intent: intent(1) }, { works: true }, "wait"],
  ["one lost answer, the old token is over", { intent: intent(1) }, {}, "redeem 1"],
  ["two lost answers", { intent: intent(2) }, {}, "reauth persist"],
  ["two lost answers, the old token still works", { intent: intent(2) }, { works: true }, "reauth persist"],
  ["an intent of ours that never left", { intent: intent(0, "mine") }, { works: true }, "redeem 0"],
  ["refused for good", { reauth: { since: 1, reason: "over" } }, {}, "reauth"],
  ["refused for good, old token works", { reauth: { since: 1, reason: "over" } }, { works: true }, "reauth"],
  ["a lone access token that has ended", { refreshToken: null }, {}, "reauth"],
  ["nothing stored", null, {}, "reauth"],
  ["nothing stored, client credentials", null, { grant: "client_credentials" }, "redeem 0"],
  ["client credentials", { refreshToken: null }, { grant: "client_credentials" }, "redeem 0"],
  ["client credentials, renewed elsewhere", { refreshToken: null, accessToken: "a2" }, {
    grant: "client_credentials",
  }, "use"],
];

for (const [name, record, situation, expected] of TABLE) {
  Deno.test(`decide() ${name}: ${expected}`, () => {
    const decision = decide(record === null ? null : { ...RECORD, ...record }, { ...SITUATION, ...situation });
    const detail = decision.kind === "redeem"
      ? ` ${decision.losses}`
      : decision.kind === "reauth" && decision.persist
      ? " persist"
      : "";
    assertEquals(decision.kind + detail, expected);
  });
}
