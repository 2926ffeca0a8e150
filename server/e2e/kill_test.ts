import { assert, assertEquals } from "@std/assert";
import { Child, ROOT } from "./child.ts";
import { Gate, gateEnvironment, type GateOptions, Home, listeningUrl } from "./gate.ts";
import { counts } from "./options.ts";
import { Provider } from "./provider.ts";
import { report } from "./report.ts";
import { Upstream } from "./upstream.ts";
import { eventually, inBatches, pause } from "./wait.ts";

/** Where the process dies: at a line of the refresher, or a moment after the request left. */
const PLACES = ["lock_taken", "reread", "intent_stored", "in_flight", "redeemed", "stored"] as const;
/** Only there can the provider have rotated without anybody having its answer. */
const ANSWER_CAN_BE_LOST: ReadonlySet<string> = new Set(["in_flight", "redeemed"]);

/** How the server that was started after the kill stood. */
type Outcome = "served" | "reauth_required";

Deno.test("kill -9 through the refresh loses no credential, or the health answer says truly so", async () => {
  await using provider = await Provider.start();
  await using upstream = await Upstream.start({ provider: provider.issuer });
  const outcomes = new Map<string, number>();
  await inBatches(counts.killRounds, counts.killsAtATime, async (n) => {
    const place = PLACES[n % PLACES.length];
    assert(place !== undefined);
    // The first refresh spends the seed, the second what was stored.
    const occurrence = 1 + Math.floor(n / PLACES.length) % 2;
    const outcome = await killAndRestart(provider, upstream, place, occurrence, n).catch((error) => {
      throw new Error(`round ${n}, ${place} of refresh ${occurrence}: ${error.message}`);
    });
    const key = `${place}: ${outcome}`;
    outcomes.set(key, (outcomes.get(key) ?? 0) + 1);
  });
  for (const [outcome, count] of [...outcomes].toSorted()) report(`kills at ${outcome} ${count}`);
});

async function killAndRestart(
  provider: Provider,
  upstream: Upstream,
  place: string,
  occurrence: number,
  round: number,
): Promise<Outcome> {
  await using home = await Home.make();
  const { grantId, refreshToken } = await provider.seed();
  const options = { env: { ...provider.environment(refreshToken), ...upstream.environment() }, home };
  await serveUntilKilled(options, {
    KILL_AT: place === "in_flight" ? "intent_stored" : place,
    KILL_OCCURRENCE: String(occurrence),
    KILL_AFTER_MS: place === "in_flight" ? String(2 * (round % 8)) : "",
  });
  // A request that outlived its sender may still be on the provider's table.
  await pause(100);
  const atDeath = await provider.stats(grantId);

  await using gate = await Gate.start(options);
  // Service with the old access token proves nothing: only a redeem after the kill does.
  const outcome = await eventually(
    async () => {
      const now = await outcomeOf(gate);
      const { redeems } = await provider.stats(grantId);
      return now === "reauth_required" || redeems > atDeath.redeems ? now : undefined;
    },
    "a rotation and service, or a plea for a login",
    15_000,
  );
  if (outcome === "served") {
    assertEquals((await provider.stats(grantId)).reuses, 0, "reuses");
  } else {
    assert(ANSWER_CAN_BE_LOST.has(place), `the credential was lost where no answer was: ${gate.output}`);
    const { credential } = await gate.health();
    assertEquals(credential.state, "reauth_required");
    assert(credential.fix !== null && credential.fix !== "", "the fix is named");
    assertEquals(atDeath.redeems, occurrence, "the provider did rotate");
  }
  await gate.stop();
  return outcome;
}

/** Undefined while neither can be said. */
async function outcomeOf(gate: Gate): Promise<Outcome | undefined> {
  const response = await gate.chat("fast");
  const body = await response.json();
  if (response.ok) return "served";
  assertEquals(response.status, 503, JSON.stringify(body));
  if (body.error.code === "reauth_required") return "reauth_required";
  // A doubt about the refresh token is resolved after the access token's end: until then it says to come back.
  assertEquals(body.error.code, "credential_unavailable");
  assert(Number(response.headers.get("retry-after")) > 0, "Retry-After is named");
  return undefined;
}

/** Starts the server that kills itself, and asks it things until it does. */
async function serveUntilKilled(options: GateOptions, kill: Record<string, string>): Promise<void> {
  const program = [Deno.execPath(), "run", "-A", "--config", `${ROOT}deno.json`, `${ROOT}server/e2e/kill_server.ts`];
  await using victim = new Child(program, { env: { ...gateEnvironment(options), ...kill }, cwd: options.home.path });
  const deadline = performance.now() + 20_000;
  while (!victim.ended) {
    assert(performance.now() < deadline, `the server was never killed:\n${victim.output}`);
    const url = listeningUrl(victim.output);
    if (url !== undefined) await knock(url);
    await pause(20);
  }
  const { signal } = await victim.exit();
  assertEquals(signal, "SIGKILL", victim.output);
}

async function knock(url: string): Promise<void> {
  try {
    const body = JSON.stringify({ messages: [{ role: "user", content: "fast" }] });
    const headers = { "content-type": "application/json" };
    await (await fetch(`${url}/v1/chat/completions`, { method: "POST", headers, body })).text();
  } catch {
    // It died meanwhile: that is what we wait for.
  }
}
