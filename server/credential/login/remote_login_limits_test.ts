import { assert, assertEquals, assertRejects } from "@std/assert";
import { NetworkError } from "../../network/mod.ts";
import { json } from "../testing/fake_provider.ts";
import { never, refusal } from "../testing/rig.ts";

import { ADMIN, DEVICE, type Process, withLogins } from "./remote_login_fixture.ts";

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
