import { assertEquals, assertGreater, assertGreaterOrEqual, assertNotEquals } from "@std/assert";
import { Api, getTokens, postToken } from "./api.ts";
import { type Gates, Install } from "./install.ts";
import { counts } from "./options.ts";
import { RemoteClient } from "./remote_client.ts";
import { report } from "./report.ts";
import { textOf } from "./upstream_answer.ts";
import { Upstream } from "./upstream.ts";
import { eventually, inBatches } from "./wait.ts";

/** Access tokens live for two seconds: the least that leaves time for a login. */
const EXPIRE = { ACCESS_TOKEN_EXPIRE_MINUTES: "0.0334" };
const USER = { username: "remote", password: "a remote user's password" };
/** How long a refresh token that was used gives its successor again. */
const GRACE_MS = 10_000;

for (const auth of ["required", "auto"]) {
  Deno.test(`a remote client lives through expired access tokens by one refresh and one retry (AUTH=${auth})`, async () => {
    await using upstream = await Upstream.start("everybody");
    await using install = await Install.make({ ...upstream.environment(), ...EXPIRE, AUTH: auth });
    await using gates = await install.start(1);
    await register(install, gates);
    const client = await RemoteClient.login(gates.at(0).url, USER.username, USER.password);
    let calls = 0;
    await inBatches(5, 5, async (n) => {
      // A stream that is open when its access token ends goes on.
      if (n === 0) return assertEquals((await client.stream("slow-60-50")).content, textOf(60));
      for (; client.expiries < counts.expiries; calls++) {
        const answer = await (n % 2 === 0 ? client.chat("slow-5-10") : client.stream("slow-5-10"));
        assertEquals(answer.content, textOf(5));
        assertGreater(answer.usage?.total_tokens ?? 0, 0);
      }
    });
    report(`AUTH=${auth}: ${calls} calls lived through ${client.expiries} expiries`);
    await gates.stop();
  });
}

Deno.test("an access token that has expired is refused by every process, and its login goes on", async () => {
  await using install = await Install.make({ ...EXPIRE, DEMO: "1" });
  await using gates = await install.start(2);
  await register(install, gates);
  const { access_token, refresh_token, expires_in } = await getTokens(gates.at(0).url, USER);
  const startedAt = performance.now();
  const statusAt = async (n: number) => {
    const response = await new Api(gates.at(n).url, access_token).ask("GET", "/users/me");
    return { status: response.status, code: (await response.json()).error?.code };
  };
  assertEquals((await statusAt(0)).status, 200);
  for (const n of [0, 1]) {
    await eventually(async () => (await statusAt(n)).status === 401 || undefined, "the access token to end");
    assertEquals(await statusAt(n), { status: 401, code: "invalid_token" });
  }
  // `exp` is in whole seconds: a token may end a second early, and never late.
  const lived = (performance.now() - startedAt) / 1000;
  report(`a token of ${expires_in} s was refused after ${lived.toFixed(1)} s`);
  assertGreaterOrEqual(lived, expires_in - 1.1);
  await getTokens(gates.at(1).url, { grant_type: "refresh_token", refresh_token });
  await gates.stop();
});

Deno.test("a refresh token that is used again gives the same successor, wherever and however often", async () => {
  await using install = await Install.make({ DEMO: "1" });
  await using gates = await install.start(3);
  await register(install, gates);
  const first = await getTokens(gates.at(0).url, USER);
  const refresh = (refresh_token: string, n: number) =>
    getTokens(gates.at(n).url, { grant_type: "refresh_token", refresh_token });
  const all = await Promise.all(Array.from({ length: 12 }, (_, n) => refresh(first.refresh_token, n)));
  const usedAt = performance.now();
  const successors = new Set(all.map(({ refresh_token }) => refresh_token));
  assertEquals(successors.size, 1, "successors of one refresh token");
  assertNotEquals(all[0]?.refresh_token, first.refresh_token);
  for (const { access_token } of all) {
    await new Api(gates.at(1).url, access_token).json("GET", "/users/me");
  }
  const [successor = ""] = successors;
  assertEquals((await refresh(first.refresh_token, 1)).refresh_token, successor, "replayed a moment later");

  if (counts.waitsForGrace) {
    await eventually(() => Promise.resolve(performance.now() - usedAt > GRACE_MS || undefined), "the grace", 15_000);
    const replay = (refresh_token: string, n: number) =>
      postToken(gates.at(n).url, { grant_type: "refresh_token", refresh_token }).then((it) => it.json());
    assertEquals((await replay(first.refresh_token, 2)).error, "invalid_grant", "replayed too late");
    assertEquals((await replay(successor, 0)).error, "invalid_grant", "the family is revoked");
    const ended = new Api(gates.at(1).url, all[0]?.access_token ?? "");
    await eventually(async () => {
      const response = await ended.ask("GET", "/users/me");
      await response.body?.cancel();
      return response.status === 401 || undefined;
    }, "its access tokens to end");
  }
  await gates.stop();
});

async function register(install: Install, gates: Gates): Promise<void> {
  await (await install.admin(gates.at(0))).json("POST", "/users", USER, 201);
}
