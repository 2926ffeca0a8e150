import { assertEquals, assertStringIncludes } from "@std/assert";
import { createPasswordHasher, openUsers } from "../../accounts/mod.ts";
import { systemClock } from "../../effects/mod.ts";
import { Secret } from "../../secrets/mod.ts";
import { memoryStore } from "../../storage/testing.ts";
import { silentLogger } from "../../telemetry/mod.ts";
import { checkAccounts } from "./accounts.ts";
import { examination, OAUTH } from "./examination_fixture.ts";
import type { Finding } from "./finding.ts";

const ADMIN = { ADMIN_USERNAME: "root", ADMIN_PASSWORD: "canary-password" };

async function found(env: Record<string, string>, username?: string): Promise<readonly Finding[]> {
  const store = await memoryStore();
  try {
    if (username !== undefined) {
      const hasher = createPasswordHasher({ worker: null, clock: systemClock });
      const newId = () => "01JZ0000000000000000000000";
      const users = openUsers({ store, clock: systemClock, hasher, newId, log: silentLogger, erasers: [] });
      await users.create({ username, password: new Secret("long enough"), role: "admin" });
      hasher.close();
    }
    const exam = examination({ ...OAUTH, ...env });
    const findings = await checkAccounts(exam, store);
    exam.effects.watchdog.close();
    assertEquals(exam.clock.pending, 0);
    return findings;
  } finally {
    store.close();
  }
}

function verdicts(findings: readonly Finding[]): string[] {
  return findings.map(({ verdict }) => verdict);
}

Deno.test("checkAccounts() asks for no account where the server is open", async () => {
  assertEquals(verdicts(await found({})), ["ok"]);
});

Deno.test("checkAccounts() fails where nobody could pass", async () => {
  for (const env of [{ AUTH: "required", REGISTRATION: "closed" }, { HOST: "0.0.0.0" }]) {
    const [finding, ...more] = await found(env);
    assertEquals([finding?.verdict, more], ["FAIL", []]);
    assertStringIncludes(finding?.fix ?? "", "user add <name> --admin");
    assertEquals(verdicts(await found(env, "ada")), ["ok"]);
  }
  assertEquals(verdicts(await found({ HOST: "0.0.0.0", ...ADMIN })), ["ok"]);
});

Deno.test("checkAccounts() warns of a password that was adopted and still lies in the settings", async () => {
  const findings = await found({ HOST: "0.0.0.0", ...ADMIN }, "Root");
  assertEquals(verdicts(findings), ["ok", "warn"]);
  assertStringIncludes(findings[1]?.found ?? "", "ADMIN_PASSWORD is still set");
  assertEquals(JSON.stringify(findings).includes("canary"), false);
});

Deno.test("checkAccounts() warns of a closed door beside which anyone may register", async () => {
  const env = { AUTH: "required", REGISTRATION: "open" };
  assertEquals(verdicts(await found(env, "ada")), ["ok", "warn"]);
});
