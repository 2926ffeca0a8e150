import { assert, assertEquals } from "@std/assert";
import { MockProvider, tokens } from "../../testing/mod.ts";
import { assertError, startHouse, str } from "./contract_fixture_test.ts";

const PENDING = () => Response.json({ error: "authorization_pending" }, { status: 400 });
const DEVICE = () =>
  Response.json({
    device_code: "the-device-code",
    user_code: "ABCD-EFGH",
    verification_uri: "https://id.example/device",
    verification_uri_complete: "https://id.example/device?user_code=ABCD-EFGH",
    expires_in: 600,
    interval: 5,
  });

function device(provider: MockProvider, answer: () => Response): void {
  provider.answer = (form, count) => {
    if (form.get("grant_type") === null) return DEVICE();
    if (form.get("grant_type") === "refresh_token") return tokens(count);
    return answer();
  };
}

const env = (provider: MockProvider) => ({
  ...provider.env,
  OAUTH_DEVICE_URL: provider.env["OAUTH_TOKEN_URL"]?.replace("/token", "/device") ?? "",
});

Deno.test("an administrator logs in upstream by device code", async () => {
  await using provider = new MockProvider();
  let answer: () => Response = PENDING;
  device(provider, () => answer());
  await using house = await startHouse(env(provider));
  const admin = await house.admin();
  const begun = await house.call("POST", "/credential/login", admin);
  assertEquals(begun.status, 201, begun.text);
  const { login_id, ...rest } = begun.json;
  assertEquals(rest, {
    user_code: "ABCD-EFGH",
    verification_uri: "https://id.example/device",
    verification_uri_complete: "https://id.example/device?user_code=ABCD-EFGH",
    expires_in: 600,
    interval: 5,
  });
  const path = `/credential/login/${str(login_id)}`;
  assertEquals((await house.call("GET", path, admin)).json, { state: "pending" });
  answer = () => tokens(99);
  for (let round = 0; round < 50; round++) {
    house.clock.skip(5_000);
    await new Promise((resolve) => setTimeout(resolve, 20));
    if ((await house.call("GET", path, admin)).json["state"] !== "pending") break;
  }
  assertEquals((await house.call("GET", path, admin)).json, { state: "done" });
  assert(!begun.text.includes("the-device-code"));
});

Deno.test("a device login that is refused says so", async () => {
  await using provider = new MockProvider();
  device(provider, () => Response.json({ error: "access_denied" }, { status: 400 }));
  await using house = await startHouse(env(provider));
  const admin = await house.admin();
  const begun = await house.call("POST", "/credential/login", admin, {});
  const path = `/credential/login/${str(begun.json["login_id"])}`;
  for (let round = 0; round < 50; round++) {
    house.clock.skip(5_000);
    await new Promise((resolve) => setTimeout(resolve, 20));
    if ((await house.call("GET", path, admin)).json["state"] !== "pending") break;
  }
  assertEquals((await house.call("GET", path, admin)).json, { state: "denied" });
});

Deno.test("a device login that nobody ends expires", async () => {
  await using provider = new MockProvider();
  device(provider, PENDING);
  await using house = await startHouse({ ...env(provider), ACCESS_TOKEN_EXPIRE_MINUTES: "600" });
  const admin = await house.admin();
  const begun = await house.call("POST", "/credential/login", admin);
  const path = `/credential/login/${str(begun.json["login_id"])}`;
  for (let round = 0; round < 20; round++) {
    house.clock.skip(60_000);
    await new Promise((resolve) => setTimeout(resolve, 20));
    if ((await house.call("GET", path, admin)).json["state"] !== "pending") break;
  }
  assertEquals((await house.call("GET", path, admin)).json, { state: "expired" });
});

Deno.test("a device login can be cancelled, once", async () => {
  await using provider = new MockProvider();
  device(provider, PENDING);
  await using house = await startHouse(env(provider));
  const admin = await house.admin();
  const begun = await house.call("POST", "/credential/login", admin);
  const path = `/credential/login/${str(begun.json["login_id"])}`;
  assertEquals((await house.call("DELETE", path, admin)).status, 204);
  const polls = provider.forms.length;
  house.clock.skip(60_000);
  const after = await house.call("GET", path, admin);
  assert(after.status === 404 || after.json["state"] !== "pending", after.text);
  assertEquals(provider.forms.length, polls);
});

Deno.test("only an administrator's login may touch the upstream credential", async () => {
  await using provider = new MockProvider();
  device(provider, PENDING);
  await using house = await startHouse(env(provider));
  const admin = await house.admin();
  const ann = await house.user("ann");
  const path = `/credential/login/${str((await house.call("POST", "/credential/login", admin)).json["login_id"])}`;
  const adminKey = await house.key(admin);
  for (const [method, target] of [["POST", "/credential/login"], ["GET", path], ["DELETE", path]] as const) {
    assertError(await house.call(method, target, ann.access), 403, "admin_required");
    assertError(await house.call(method, target, adminKey.key), 403, "login_required");
    assertError(await house.call(method, target, null), 401, "credential_required");
  }
  assertEquals((await house.call("GET", path, admin)).json, { state: "pending" });
});

Deno.test("without a device endpoint the login is 409", async () => {
  await using provider = new MockProvider();
  await using house = await startHouse(provider.env);
  assertError(await house.call("POST", "/credential/login", await house.admin()), 409, "device_login_unsupported");
});

Deno.test("POST /credential/login refuses fields it does not know", async () => {
  await using provider = new MockProvider();
  device(provider, PENDING);
  await using house = await startHouse(env(provider));
  const answer = await house.call("POST", "/credential/login", await house.admin(), { scope: "x" });
  assertError(answer, 422, "invalid_field", "scope");
});
