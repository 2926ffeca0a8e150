import { assert, assertEquals, assertGreaterOrEqual } from "@std/assert";
import { Child } from "./child.ts";
import { Gate, gateEnvironment, type GateOptions, Home, serveCommand } from "./gate.ts";
import { approveDeviceLogin } from "./person.ts";
import { Provider } from "./provider.ts";
import { report } from "./report.ts";
import { Upstream } from "./upstream.ts";
import { eventually } from "./wait.ts";

const PICKED_UP_WITHIN_MS = 2_000;

Deno.test("a login is taken up within two seconds by a server that stands in reauth_required", async () => {
  await using provider = await Provider.start();
  await using upstream = await Upstream.start({ provider: provider.issuer });
  await using home = await Home.make();
  const { grantId, refreshToken } = await provider.seed();
  const options = { env: { ...provider.environment(refreshToken), ...upstream.environment() }, home };
  await using gate = await Gate.start(options);
  await assertServes(gate);

  await provider.revoke(grantId);
  const { credential, status } = await healthIn(gate, "reauth_required");
  assertEquals(status, "down");
  assert(credential.since !== null && !Number.isNaN(Date.parse(credential.since)), "since is a time");
  assert(credential.fix !== null && credential.fix !== "", "the fix is named");
  // The last access token may be good for a moment yet, and is served as long.
  const refusal = await eventually(async () => {
    const response = await gate.chat("fast");
    const body = await response.json();
    return response.status === 503 ? body : undefined;
  }, "the refusal");
  assertEquals(refusal.error.code, "reauth_required");
  const refusals = (await provider.stats(grantId)).failures.length;

  await login(options);
  const loggedInAt = performance.now();
  await eventually(
    async () => {
      const response = await gate.chat("fast");
      await response.body?.cancel();
      return response.ok ? true : undefined;
    },
    "the login to be taken up",
    PICKED_UP_WITHIN_MS,
  );
  report(`a login was taken up after ${Math.round(performance.now() - loggedInAt)} ms`);
  assertEquals(
    (await provider.stats(grantId)).failures.length,
    refusals,
    "the provider is not asked again for a dead grant",
  );
  assertEquals((await gate.health()).status, "ok");
  await gate.stop();
});

Deno.test("an old seed put back after rotation does nothing, a new one replaces", async () => {
  await using provider = await Provider.start();
  await using upstream = await Upstream.start({ provider: provider.issuer });
  await using home = await Home.make();
  const first = await provider.seed();
  const second = await provider.seed();
  const serveWith = async (refreshToken: string, until: () => Promise<boolean>) => {
    await using gate = await Gate.start({
      env: { ...provider.environment(refreshToken), ...upstream.environment() },
      home,
    });
    await eventually(async () => {
      await assertServes(gate);
      return await until() ? true : undefined;
    }, "the redeems");
    await gate.stop();
  };
  const redeemed = async (grantId: string) => (await provider.stats(grantId)).redeems;

  await serveWith(first.refreshToken, async () => await redeemed(first.grantId) >= 2);
  const beforePutBack = await redeemed(first.grantId);
  await serveWith(first.refreshToken, async () => await redeemed(first.grantId) > beforePutBack);

  await serveWith(second.refreshToken, async () => await redeemed(second.grantId) >= 2);
  const firstAtReplacement = await redeemed(first.grantId);
  const secondAtReplacement = await redeemed(second.grantId);
  await serveWith(first.refreshToken, async () => await redeemed(second.grantId) > secondAtReplacement);

  assertEquals(await redeemed(first.grantId), firstAtReplacement, "the first family was left alone");
  for (const { grantId } of [first, second]) {
    const { reuses, failures } = await provider.stats(grantId);
    assertEquals({ reuses, failures }, { reuses: 0, failures: [] });
  }
  assertGreaterOrEqual(await redeemed(second.grantId), 2);
});

async function login(options: GateOptions): Promise<void> {
  await using cli = new Child(await serveCommand("login"), { env: gateEnvironment(options), cwd: options.home.path });
  const { uri, code } = await cli.until((output) => {
    const uri = /https?:\/\/[^\s?"]+\/device\b/.exec(output)?.[0];
    const code = /\b[A-Z]{4}-[A-Z]{4}\b/.exec(output)?.[0];
    return uri === undefined || code === undefined ? undefined : { uri, code };
  }, "address and code to log in with");
  await approveDeviceLogin(uri, code);
  const { code: exitCode } = await cli.exit();
  assertEquals(exitCode, 0, cli.output);
}

async function assertServes(gate: Gate): Promise<void> {
  const response = await gate.chat("fast");
  assertEquals(response.status, 200, await response.text());
}

async function healthIn(gate: Gate, state: string) {
  return await eventually(async () => {
    const health = await gate.health();
    return health.credential.state === state ? health : undefined;
  }, `the credential's state ${state}`);
}
