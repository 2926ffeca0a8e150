import { assertEquals } from "@std/assert";
import { LOCAL_USER } from "../../accounts/mod.ts";
import type { DevicePrompt, RemoteLoginState } from "../../credential/mod.ts";
import { GatehouseError } from "../../errors/mod.ts";
import { accountsFixture, noLogins, told } from "./accounts_fixture.ts";

const PROMPT: DevicePrompt = {
  userCode: "ABCD-EFGH",
  verificationUri: "https://idp.example/activate",
  verificationUriComplete: null,
  expiresIn: 600,
  interval: 5,
};
const as = LOCAL_USER;

Deno.test("POST /credential/login shows what the person needs", async () => {
  const complete = "https://idp.example/activate?c=1";
  for (const verificationUriComplete of [null, complete]) {
    const logins = noLogins({
      start: (_, userId) => {
        assertEquals(userId, as.userId);
        return Promise.resolve({ id: "LOGIN1", prompt: { ...PROMPT, verificationUriComplete } });
      },
    });
    await using gate = await accountsFixture({ logins });
    const response = await gate.ask("POST /credential/login", { as });
    assertEquals([response.status, response.headers.get("cache-control")], [201, "no-store"]);
    assertEquals(await response.json(), {
      login_id: "LOGIN1",
      user_code: "ABCD-EFGH",
      verification_uri: "https://idp.example/activate",
      ...(verificationUriComplete === null ? {} : { verification_uri_complete: complete }),
      expires_in: 600,
      interval: 5,
    });
  }
});

Deno.test("POST /credential/login passes on why a login cannot begin", async () => {
  for (
    const [code, status] of [["device_login_unsupported", 409], ["upstream_failed", 502], [
      "too_many_attempts",
      429,
    ]] as const
  ) {
    const refusal = new GatehouseError(code, "Cannot begin a login: the test says so", { retryAfterSeconds: 60 });
    await using gate = await accountsFixture({ logins: noLogins({ start: () => Promise.reject(refusal) }) });
    const response = await gate.ask("POST /credential/login", { as });
    assertEquals(response.headers.get("retry-after"), "60");
    assertEquals(await told(response), `${status} ${code}`);
  }
});

Deno.test("GET /credential/login/{id} tells the state, DELETE cancels, and an unknown id is 404", async () => {
  const states = new Map<string, RemoteLoginState>();
  const logins = noLogins({
    state: (id) => Promise.resolve(states.get(id) ?? null),
    cancel: (id) => Promise.resolve(states.delete(id)),
  });
  await using gate = await accountsFixture({ logins });
  for (const state of ["pending", "done", "denied", "expired"] as const) {
    states.set("LOGIN1", state);
    assertEquals(await (await gate.ask("GET /credential/login/LOGIN1", { as })).json(), { state });
    const response = await gate.ask("DELETE /credential/login/LOGIN1", { as });
    assertEquals([response.status, await response.text()], [204, ""]);
  }
  for (const id of ["LOGIN1", "LOGIN2", "%00", "x".repeat(3000)]) {
    for (const method of ["GET", "DELETE"]) {
      assertEquals(await told(await gate.ask(`${method} /credential/login/${id}`, { as })), "404 not_found");
    }
  }
});
