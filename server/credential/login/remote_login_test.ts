import { assert, assertEquals, assertRejects } from "@std/assert";
import { GatehouseError } from "../../errors/mod.ts";
import { NetworkError } from "../../network/mod.ts";
import type { OAuthSettings } from "../../settings/mod.ts";
import type { Store } from "../../storage/mod.ts";
import { withFaults } from "../../storage/testing.ts";
import { type Behaviour, json } from "../testing/fake_provider.ts";
import { loginOf } from "../testing/login_rig.ts";
import { never, refusal, type Rig, type RigOptions, withRig } from "../testing/rig.ts";
import { createRemoteLogins, type LoginContext, type RemoteLogins } from "./mod.ts";

const DEVICE = "https://idp.example/device";
const OPTIONS: RigOptions = { settings: { deviceUrl: new URL(DEVICE) } };
const PROMPT = {
  device_code: "canary-device-code",
  user_code: "ABCD-EFGH",
  verification_uri: "https://idp.example/activate",
  expires_in: 600,
};
/** Who begins the logins. */
const ADMIN = "admin1";
const HOUR = 60 * 60_000;
const error = (code: string): Behaviour => ({ kind: "answer", status: 400, body: { error: code } });

interface Process {
  readonly store?: Store;
  readonly settings?: Partial<OAuthSettings>;
  readonly open?: () => Promise<LoginContext | null>;
  readonly mayStill?: (userId: string) => Promise<boolean>;
}

/** A rig whose provider waits for the person, and the remote logins of processes that are closed with it. */
async function withLogins(
  test: (rig: Rig, process: (options?: Process) => RemoteLogins) => Promise<void>,
  options = OPTIONS,
): Promise<void> {
  const opened: RemoteLogins[] = [];
  let count = 0;
  await withRig(async (rig) => {
    rig.provider.page(DEVICE, () => json(200, PROMPT));
    rig.provider.always(error("authorization_pending"));
    const process = ({ store = rig.store, settings, open, mayStill }: Process = {}) => {
      const logins = createRemoteLogins({
        open: open ?? (() => loginOf({ ...rig, store }, settings)),
        mayStill: mayStill ?? (() => Promise.resolve(true)),
        store,
        clock: rig.clock,
        newId: () => `login${++count}`,
        log: rig.log,
      });
      opened.push(logins);
      return logins;
    };
    try {
      await test(rig, process);
    } finally {
      for (const logins of opened) await logins.close();
    }
  }, options);
}

/** The person says yes: the next question is answered by these tokens. */
function confirm(rig: Rig): string {
  const { accessToken, refreshToken } = rig.provider.grant();
  const body = { access_token: accessToken, refresh_token: refreshToken, token_type: "Bearer", expires_in: 3600 };
  rig.provider.next({ kind: "answer", status: 200, body });
  return accessToken;
}

async function storedAccessToken(rig: Rig): Promise<string | null> {
  return (await (await rig.stored()).load())?.record.accessToken ?? null;
}

Deno.test("start() shows the prompt and goes on until the person has confirmed it, for every process to see", () =>
  withLogins(async (rig, process) => {
    const [here, elsewhere] = [process(), process()];
    const { id, prompt } = await here.start(never, ADMIN);
    assertEquals([prompt.userCode, prompt.verificationUri, prompt.expiresIn], [
      "ABCD-EFGH",
      PROMPT.verification_uri,
      600,
    ]);
    await rig.clock.advance(12_000);
    assertEquals([await here.state(id), await elsewhere.state(id)], ["pending", "pending"]);
    const token = confirm(rig);
    await rig.clock.advance(5000);
    assertEquals([await here.state(id), await elsewhere.state(id)], ["done", "done"]);
    assertEquals(await storedAccessToken(rig), token);
  }));

Deno.test("a remote login on a real store, sealed, for as odd a time as a provider may name", () =>
  withLogins(async (rig, process) => {
    rig.provider.page(DEVICE, () => json(200, { ...PROMPT, expires_in: 600.12345, interval: 2.5 }));
    const logins = process();
    const { id } = await logins.start(never, ADMIN);
    const token = confirm(rig);
    await rig.clock.advance(3000);
    assertEquals([await logins.state(id), await storedAccessToken(rig)], ["done", token]);
    rig.provider.page(DEVICE, () => json(200, { ...PROMPT, expires_in: 1e300, interval: 5 }));
    const endless = await logins.start(never, ADMIN);
    assertEquals([await logins.state(endless.id), await logins.cancel(endless.id)], ["pending", true]);
  }, { ...OPTIONS, real: true }));

Deno.test("a running server takes up what a remote login has stored, within a second where it needs one", () =>
  withLogins(async (rig, process) => {
    const machine = await rig.start();
    assertEquals(machine.credential.health().state, "reauth_required");
    await process().start(never, ADMIN);
    const token = confirm(rig);
    await rig.clock.advance(5000);
    await rig.clock.advance(1000);
    assertEquals([machine.credential.health().state, await machine.token()], ["valid", token]);
  }));

Deno.test("a remote login replaces a credential that works, and the running server takes the new one", () =>
  withLogins(async (rig, process) => {
    const pair = rig.provider.grant();
    const machine = await rig.start();
    await (await rig.stored()).replace({
      v: 1,
      ...pair,
      expiresAt: rig.clock.now() + HOUR,
      obtainedAt: rig.clock.now(),
      intent: null,
      reauth: null,
    });
    await rig.clock.advance(5000);
    assertEquals(await machine.token(), pair.accessToken);
    await process().start(never, ADMIN);
    const token = confirm(rig);
    await rig.clock.advance(10_000);
    assertEquals(await machine.token(), token);
  }));

for (
  const [how, state] of [["access_denied", "denied"], ["expired_token", "expired"], [
    "unknown_words",
    "denied",
  ]] as const
) {
  Deno.test(`a remote login that the provider ends with ${how} is ${state}`, () =>
    withLogins(async (rig, process) => {
      const logins = process();
      const { id } = await logins.start(never, ADMIN);
      rig.provider.next(error(how));
      await rig.clock.advance(5000);
      assertEquals([await logins.state(id), await storedAccessToken(rig)], [state, null]);
      assert(rig.log.lines.some((line) => line.includes(id) && line.includes("reason")), "the log has the reason");
    }));
}

Deno.test("a remote login that nobody confirms expires, can be seen for an hour, and is forgotten", () =>
  withLogins(async (rig, process) => {
    const logins = process();
    const { id } = await logins.start(never, ADMIN);
    await rig.clock.advance(599_000);
    assertEquals(await logins.state(id), "pending");
    await rig.clock.advance(1000);
    assertEquals(await logins.state(id), "expired");
    await rig.clock.advance(HOUR - 1000);
    assertEquals(await logins.state(id), "expired");
    await rig.clock.advance(1000);
    assertEquals([await logins.state(id), await logins.cancel(id)], [null, false]);
  }));

Deno.test("a pending login whose process has died reads as expired when its time is over", () =>
  withLogins(async (rig, process) => {
    const logins = process();
    const record = { v: 1, state: "pending", expiresAt: rig.clock.now() + 600_000 };
    await rig.store.commit({ puts: [{ key: ["login", "orphan"], value: record }] });
    assertEquals(await logins.state("orphan"), "pending");
    await rig.clock.advance(600_000);
    assertEquals(await logins.state("orphan"), "expired");
    assertEquals([await logins.cancel("orphan"), await logins.state("orphan")], [true, null]);
  }));

Deno.test("cancel() ends a login at once: the provider is asked no more, and it is forgotten", () =>
  withLogins(async (rig, process) => {
    const logins = process();
    const { id } = await logins.start(never, ADMIN);
    await rig.clock.advance(6000);
    assertEquals(await logins.cancel(id), true);
    await rig.clock.advance(0);
    assertEquals([await logins.state(id), await logins.cancel(id)], [null, false]);
    confirm(rig);
    await rig.clock.advance(60_000);
    assertEquals([rig.provider.asked, await storedAccessToken(rig)], [1, null]);
  }));

Deno.test("cancel() by another process is noticed within two seconds", () =>
  withLogins(async (rig, process) => {
    const { id } = await process().start(never, ADMIN);
    await rig.clock.advance(2500);
    assertEquals(await process().cancel(id), true);
    await rig.clock.advance(2000);
    confirm(rig);
    await rig.clock.advance(60_000);
    assertEquals([rig.provider.asked, await storedAccessToken(rig)], [0, null]);
  }));

Deno.test("a login that another process cancels while the tokens are on their way stores nothing", () =>
  withLogins(async (rig, process) => {
    const { id } = await process().start(never, ADMIN);
    confirm(rig);
    const release = rig.provider.hold();
    await rig.clock.advance(5000);
    assertEquals(rig.provider.asked, 1);
    const elsewhere = process();
    assertEquals(await elsewhere.cancel(id), true);
    release();
    await rig.clock.advance(0);
    assertEquals([await storedAccessToken(rig), await elsewhere.state(id)], [null, null]);
  }));

Deno.test("a cancellation between the last look and the commit wins: credential and end are one commit", () =>
  withLogins(async (rig, process) => {
    const elsewhere = process();
    let cancelled: boolean | null = null;
    const store: Store = {
      ...rig.store,
      get: rig.store.get,
      list: rig.store.list,
      close: () => {},
      async commit(change) {
        const stores = change.puts?.some(({ key }) => key[0] === "credential") ?? false;
        if (stores && cancelled === null) cancelled = await elsewhere.cancel(id);
        return await rig.store.commit(change);
      },
    };
    const { id } = await process({ store }).start(never, ADMIN);
    confirm(rig);
    await rig.clock.advance(5000);
    assertEquals([cancelled, await storedAccessToken(rig), await elsewhere.state(id)], [true, null, null]);
  }));

Deno.test("a login whose beginner may not any more is denied at the last moment, and stores nothing", () =>
  withLogins(async (rig, process) => {
    const admins = new Set([ADMIN, "admin2"]);
    const asked: string[] = [];
    const mayStill = (userId: string) => {
      asked.push(userId);
      return Promise.resolve(admins.has(userId));
    };
    const logins = process({ mayStill });
    const denied = await logins.start(never, ADMIN);
    await rig.clock.advance(2_000);
    confirm(rig);
    const release = rig.provider.hold();
    await rig.clock.advance(3_000);
    assertEquals([rig.provider.asked, asked], [1, []]);
    admins.delete(ADMIN);
    release();
    await rig.clock.advance(0);
    assertEquals([asked, await logins.state(denied.id), await storedAccessToken(rig)], [[ADMIN], "denied", null]);
    assert(rig.log.lines.some((line) => line.includes(denied.id) && line.includes("may not")));

    const { id } = await logins.start(never, "admin2");
    const token = confirm(rig);
    await rig.clock.advance(5_000);
    assertEquals([asked, await logins.state(id), await storedAccessToken(rig)], [[ADMIN, "admin2"], "done", token]);
  }));

Deno.test("a login is denied where nobody can say whether its beginner still may", () =>
  withLogins(async (rig, process) => {
    const fault = new GatehouseError("storage_unavailable", "Cannot read: the test says so");
    const logins = process({ mayStill: () => Promise.reject(fault) });
    const { id } = await logins.start(never, ADMIN);
    confirm(rig);
    await rig.clock.advance(5_000);
    assertEquals([await logins.state(id), await storedAccessToken(rig)], ["denied", null]);
  }));

Deno.test("a store that cannot take the credential makes the login denied, with the reason in the log", () =>
  withLogins(async (rig, process) => {
    const store = withFaults(rig.store, rig.clock);
    const logins = process({ store });
    const { id } = await logins.start(never, ADMIN);
    confirm(rig);
    store.fail({ kind: "unavailable" }, { calls: ["commit"], times: 1 });
    await rig.clock.advance(5000);
    assertEquals([await logins.state(id), await storedAccessToken(rig)], ["denied", null]);
    assert(rig.log.lines.some((line) => line.includes("the test says so")));
  }));

Deno.test("a login whose commit happened and whose answer was lost is done", () =>
  withLogins(async (rig, process) => {
    const store = withFaults(rig.store, rig.clock);
    const logins = process({ store });
    const { id } = await logins.start(never, ADMIN);
    const token = confirm(rig);
    store.fail({ kind: "answer_lost" }, { calls: ["commit"], times: 1 });
    await rig.clock.advance(5000);
    assertEquals([await logins.state(id), await storedAccessToken(rig)], ["done", token]);
  }));

Deno.test("a store that is away for a while does not end a login", () =>
  withLogins(async (rig, process) => {
    const store = withFaults(rig.store, rig.clock);
    const logins = process({ store });
    const { id } = await logins.start(never, ADMIN);
    store.fail({ kind: "unavailable" });
    await rig.clock.advance(20_000);
    await assertRejects(() => logins.state(id), GatehouseError);
    store.heal();
    confirm(rig);
    await rig.clock.advance(5000);
    assertEquals(await logins.state(id), "done");
  }));

Deno.test("start() refuses with device_login_unsupported where there is nothing to log in to by device code", () =>
  withLogins(async (_rig, process) => {
    const ways: Process[] = [
      { open: () => Promise.resolve(null) },
      { settings: { grant: "client_credentials" } },
      { settings: { deviceUrl: null } },
    ];
    for (const way of ways) {
      const { code, status } = await refusal(() => process(way).start(never, ADMIN));
      assertEquals([code, status], ["device_login_unsupported", 409]);
    }
  }));

Deno.test("start() says that the provider is down, or how it refused", () =>
  withLogins(async (rig, process) => {
    const logins = process();
    const down = new NetworkError("unreachable", false, "idp.example:443 cannot be reached");
    const silent = new NetworkError("silent", true, "idp.example:443 was silent for 30 s");
    rig.provider.page(DEVICE, () => Promise.reject(down));
    const unreachable = await refusal(() => logins.start(never, ADMIN));
    assertEquals([unreachable.code, unreachable.message.includes("idp.example:443")], ["upstream_unreachable", true]);
    rig.provider.page(DEVICE, () => Promise.reject(silent));
    assertEquals((await refusal(() => logins.start(never, ADMIN))).code, "upstream_failed");
    rig.provider.page(DEVICE, () => json(401, { error: "invalid_client", canary: "canary" }));
    const refused = await refusal(() => logins.start(never, ADMIN));
    assertEquals([refused.code, refused.message.includes("401")], ["upstream_failed", true]);
    const issuer = { issuer: new URL("https://idp.example"), tokenUrl: null, deviceUrl: null };
    rig.provider.page("https://idp.example/.well-known/openid-configuration", () => Promise.reject(down));
    const undiscovered = await refusal(() => process({ settings: issuer }).start(never, ADMIN));
    assertEquals([undiscovered.code, undiscovered.message.includes("idp.example:443")], ["upstream_failed", true]);
    for await (const { key } of rig.store.list(["login"])) assert(false, `${key} was stored`);
  }));

Deno.test("a fault nobody expected is shown by its name alone", () =>
  withLogins(async (_rig, process) => {
    const open = () => Promise.reject(new TypeError("canary"));
    const { code, message } = await refusal(() => process({ open }).start(never, ADMIN));
    assertEquals([code, message.includes("TypeError")], ["upstream_failed", true]);
  }));

Deno.test("ten logins may wait at once; the next is refused until one has ended", () =>
  withLogins(async (rig, process) => {
    const logins = process();
    const begun = await Promise.all(Array.from({ length: 10 }, () => logins.start(never, ADMIN)));
    const refused = await refusal(() => logins.start(never, ADMIN));
    assertEquals([refused.code, refused.retryAfterSeconds], ["too_many_attempts", 60]);
    assertEquals(await logins.cancel(begun[3]?.id ?? ""), true);
    await rig.clock.advance(0);
    assertEquals(await logins.state((await logins.start(never, ADMIN)).id), "pending");
  }));

Deno.test("logins that could not begin leave room", () =>
  withLogins(async (rig, process) => {
    const logins = process();
    rig.provider.page(DEVICE, () => json(500, {}));
    for (let i = 0; i < 12; i++) {
      assertEquals((await refusal(() => logins.start(never, ADMIN))).code, "upstream_failed");
    }
  }));

Deno.test("a client that leaves ends the beginning of its login", () =>
  withLogins(async (rig, process) => {
    const client = new AbortController();
    rig.provider.page(DEVICE, (_, signal) =>
      new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason))));
    const starting = process().start(client.signal, ADMIN);
    starting.catch(() => {});
    await rig.clock.advance(0);
    client.abort(new Error("left"));
    await assertRejects(
      () =>
        starting,
      Error,
      "left",
    );
  }));

Deno.test("close() ends this process's logins, those that begin too, and says so to the others", () =>
  withLogins(async (rig, process) => {
    const [here, elsewhere] = [process(), process()];
    const { id } = await here.start(never, ADMIN);
    const theirs = await elsewhere.start(never, ADMIN);
    rig.provider.page(
      DEVICE,
      (_, signal) => new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
    );
    const starting = refusal(() => here.start(never, ADMIN));
    await rig.clock.advance(0);
    await here.close();
    assertEquals((await starting).code, "upstream_failed");
    assertEquals([await elsewhere.state(id), await elsewhere.state(theirs.id)], ["expired", "pending"]);
  }));

Deno.test("a damaged record of a login is none", () =>
  withLogins(async (rig, process) => {
    const logins = process();
    for (const value of [null, 7, "pending", {}, { state: "pending" }, { state: "other", expiresAt: 1e15 }, []]) {
      await rig.store.commit({ puts: [{ key: ["login", "x"], value }] });
      assertEquals([await logins.state("x"), await logins.cancel("x")], [null, false]);
    }
  }));
