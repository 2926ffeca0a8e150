import { assert, assertEquals, assertRejects } from "@std/assert";
import { type Behaviour, json } from "../testing/fake_provider.ts";
import { loginOf } from "../testing/login_rig.ts";
import { never, type Rig, type RigOptions, withRig } from "../testing/rig.ts";
import { LoginError, startDeviceLogin } from "./mod.ts";

const DEVICE = "https://idp.example/device";
const OPTIONS: RigOptions = {
  settings: { deviceUrl: new URL(DEVICE), scope: "model", extraParams: [["audience", "x"]] },
};
const PROMPT = {
  device_code: "canary-device-code",
  user_code: "ABCD-EFGH",
  verification_uri: "https://idp.example/activate",
  expires_in: 600,
};
const error = (code: string): Behaviour => ({ kind: "answer", status: 400, body: { error: code } });
const PENDING = error("authorization_pending");

/** Begins a device login; `ended` tells how it went, if it has. */
async function begin(rig: Rig, answer: Record<string, unknown> = {}, signal = never) {
  rig.provider.page(DEVICE, () => json(200, { ...PROMPT, ...answer }));
  const start = rig.clock.now();
  const login = await startDeviceLogin(await loginOf(rig), never);
  const state: { ended: string | null } = { ended: null };
  const finished = login.finish(signal).then(
    () => state.ended = "done",
    (error: unknown) => {
      assert(!Deno.inspect(error).includes("canary"));
      state.ended = error instanceof LoginError ? error.kind : String(error);
    },
  );
  /** Seconds after the beginning at which the provider was asked. */
  const polls = () => rig.provider.tokenRequests.map(({ at }) => (at - start) / 1000);
  return { login, state, finished, polls };
}

Deno.test("startDeviceLogin() shows the prompt and sends client, scope and extra parameters", () =>
  withRig(async (rig) => {
    const { login, finished } = await begin(rig, { verification_uri_complete: "https://idp.example/activate?c=1" });
    assertEquals(login.prompt, {
      userCode: "ABCD-EFGH",
      verificationUri: "https://idp.example/activate",
      verificationUriComplete: "https://idp.example/activate?c=1",
      expiresIn: 600,
      interval: 5,
    });
    const form = rig.provider.seen[0]?.form;
    assertEquals([form?.get("client_id"), form?.get("scope"), form?.get("audience")], ["client-1", "model", "x"]);
    rig.provider.next(error("access_denied"));
    await rig.clock.advance(5000);
    await finished;
  }, OPTIONS));

Deno.test("a device login asks at the interval, 5 s if absent, and stores what it is given", () =>
  withRig(async (rig) => {
    const { accessToken, refreshToken } = rig.provider.grant();
    const { state, polls } = await begin(rig);
    rig.provider.next(PENDING, PENDING, {
      kind: "answer",
      status: 200,
      body: { access_token: accessToken, refresh_token: refreshToken, token_type: "Bearer", expires_in: "3600" },
    });
    await rig.clock.advance(60_000);
    assertEquals([state.ended, polls()], ["done", [5, 10, 15]]);
    const record = (await (await rig.stored()).load())?.record;
    assertEquals([record?.accessToken, record?.refreshToken, (record?.expiresAt ?? 0) - (record?.obtainedAt ?? 0)], [
      accessToken,
      refreshToken,
      3_600_000,
    ]);
    assertEquals(rig.provider.tokenRequests[0]?.form.get("device_code"), "canary-device-code");
    assertEquals(
      rig.provider.tokenRequests[0]?.form.get("grant_type"),
      "urn:ietf:params:oauth:grant-type:device_code",
    );
  }, OPTIONS));

Deno.test("slow_down adds 5 s for good", () =>
  withRig(async (rig) => {
    const { polls, finished } = await begin(rig, { interval: 2 });
    rig.provider.next(PENDING, error("slow_down"), PENDING, error("slow_down"), PENDING, error("access_denied"));
    await rig.clock.advance(120_000);
    await finished;
    assertEquals(polls(), [2, 4, 11, 18, 30, 42]);
  }, OPTIONS));

Deno.test("a device login backs off on time-outs and trouble, and goes on", () =>
  withRig(async (rig) => {
    const { polls, state } = await begin(rig);
    rig.provider.next(
      { kind: "lost", spends: false },
      { kind: "answer", status: 502 },
      PENDING,
      error("access_denied"),
    );
    await rig.clock.advance(120_000);
    assertEquals([state.ended, polls()], ["denied", [5, 15, 35, 55]]);
  }, OPTIONS));

Deno.test("backing off never asks more often than the provider's own interval", () =>
  withRig(async (rig) => {
    const { polls, finished } = await begin(rig, { interval: 90 });
    rig.provider.next({ kind: "lost", spends: false }, error("access_denied"));
    await rig.clock.advance(400_000);
    await finished;
    assert((polls()[1] ?? 0) - (polls()[0] ?? 0) >= 90, `${polls()}`);
  }, OPTIONS));

Deno.test("a device login stops at expires_in, and at the provider's word", async () => {
  await withRig(async (rig) => {
    for (let i = 0; i < 200; i++) rig.provider.next(PENDING);
    const { state, polls } = await begin(rig, { expires_in: 22 });
    await rig.clock.advance(30_000);
    assertEquals([state.ended, polls()], ["expired", [5, 10, 15, 20]]);
  }, OPTIONS);
  for (
    const [code, kind] of [["expired_token", "expired"], ["access_denied", "denied"], [
      "invalid_grant",
      "failed",
    ]] as const
  ) {
    await withRig(async (rig) => {
      const { state, polls } = await begin(rig);
      rig.provider.next(error(code));
      await rig.clock.advance(60_000);
      assertEquals([state.ended, polls()], [kind, [5]]);
      assertEquals(await (await rig.stored()).load(), null);
    }, OPTIONS);
  }
});

Deno.test("a long interval does not outlast the code: it is over at expires_in", () =>
  withRig(async (rig) => {
    const { state, polls } = await begin(rig, { expires_in: 30, interval: 300 });
    await rig.clock.advance(31_000);
    assertEquals([state.ended, polls()], ["expired", []]);
  }, OPTIONS));

Deno.test("a device login that is given up ends with the caller's reason and asks no more", () =>
  withRig(async (rig) => {
    const stop = new AbortController();
    for (let i = 0; i < 20; i++) rig.provider.next(PENDING);
    const { state, polls, finished } = await begin(rig, {}, stop.signal);
    await rig.clock.advance(6000);
    stop.abort("given up");
    await finished;
    await rig.clock.advance(60_000);
    assertEquals([state.ended, polls()], ["given up", [5]]);
  }, OPTIONS));

Deno.test("a device login replaces the credential that stood there, need and all", () =>
  withRig(async (rig) => {
    const old = rig.provider.grant();
    const place = await rig.stored();
    await place.replace({
      v: 1,
      refreshToken: old.refreshToken,
      accessToken: old.accessToken,
      expiresAt: 1,
      obtainedAt: 0,
      intent: { id: "x", at: 0, losses: 1 },
      reauth: { since: 1, reason: "over" },
    });
    const fresh = rig.provider.grant();
    const { state } = await begin(rig);
    rig.provider.next({
      kind: "answer",
      status: 200,
      body: { access_token: fresh.accessToken, refresh_token: fresh.refreshToken },
    });
    await rig.clock.advance(5000);
    const record = (await place.load())?.record;
    assertEquals([state.ended, record?.refreshToken, record?.intent, record?.reauth, record?.expiresAt], [
      "done",
      fresh.refreshToken,
      null,
      null,
      null,
    ]);
  }, OPTIONS));

Deno.test("startDeviceLogin() says what is wrong: no endpoint, or an answer that is none", async () => {
  await withRig(async (rig) => {
    const error = await assertRejects(async () => await startDeviceLogin(await loginOf(rig), never), LoginError);
    assertEquals(error.kind, "unsupported");
  });
  const answers = [
    json(400, { error: "invalid_client", canary: 1 }),
    json(200, "<html>canary"),
    json(200, {}),
    json(200, "null"),
    json(500, ""),
  ];
  for (const answer of answers) {
    await withRig(async (rig) => {
      rig.provider.page(DEVICE, () => answer);
      const error = await assertRejects(async () => await startDeviceLogin(await loginOf(rig), never), LoginError);
      assertEquals([error.kind, error.message.includes("canary")], ["failed", false]);
    }, OPTIONS);
  }
});
