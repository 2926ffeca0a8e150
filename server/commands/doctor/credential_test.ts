import { assertEquals, assertRejects } from "@std/assert";
import { type CredentialRecord, openCredentialStore } from "../../credential/mod.ts";
import type { Settings, UpstreamSettings } from "../../settings/mod.ts";
import { openVault, UnsealError } from "../../storage/mod.ts";
import { memoryStore } from "../../storage/testing.ts";
import { silentLogger } from "../../telemetry/mod.ts";
import { checkCredential } from "./credential.ts";
import { examination, OAUTH } from "./examination_fixture.ts";

const NOW = Date.UTC(2026, 0, 1);
const HOUR = 3_600_000;
const RECORD: CredentialRecord = {
  v: 1,
  refreshToken: "canary-refresh",
  accessToken: "canary-access",
  expiresAt: NOW + HOUR,
  obtainedAt: NOW,
  intent: null,
  reauth: null,
};

/** What the check says of `record`; no word of it may hold a token. */
async function check(record: CredentialRecord | null, env: Record<string, string> = OAUTH, key?: string) {
  const exam = examination(env);
  const [upstream] = exam.settings.upstreams;
  if (upstream === undefined) throw new Error("no upstream");
  const store = await memoryStore();
  try {
    if (record !== null) await save(exam.settings, upstream, store, record);
    const settings = key === undefined ? exam.settings : examination({ ...env, GATEHOUSE_KEY: key }).settings;
    const { findings, header } = await checkCredential({ ...exam, settings }, upstream, store);
    assertEquals(JSON.stringify({ findings, header }).includes("canary"), false);
    return { verdicts: findings.map(({ verdict }) => verdict), sent: header?.value.reveal() ?? null };
  } finally {
    store.close();
  }
}

async function save(
  settings: Settings,
  upstream: UpstreamSettings,
  store: Awaited<ReturnType<typeof memoryStore>>,
  record: CredentialRecord,
): Promise<void> {
  if (upstream.credential.kind !== "oauth2") return;
  const vault = await openVault({ settings: settings.storage, log: silentLogger });
  const place = { store, vault, upstream: upstream.name, settings: upstream.credential };
  await (await openCredentialStore(place)).replace(record);
}

Deno.test("checkCredential() hands out a valid access token", async () => {
  assertEquals(await check(RECORD), { verdicts: ["ok"], sent: "Bearer canary-access" });
});

Deno.test("checkCredential() leaves the renewal to the server", async () => {
  assertEquals(await check({ ...RECORD, expiresAt: NOW }), { verdicts: ["ok"], sent: null });
});

Deno.test("checkCredential() fails where a login is needed", async () => {
  assertEquals((await check(null)).verdicts, ["FAIL"]);
  assertEquals((await check({ ...RECORD, reauth: { since: NOW, reason: "invalid_grant" } })).verdicts, ["FAIL"]);
  assertEquals((await check({ ...RECORD, expiresAt: NOW, refreshToken: null })).verdicts, ["FAIL"]);
});

Deno.test("checkCredential() takes a seed that the server will adopt", async () => {
  assertEquals((await check(null, { ...OAUTH, OAUTH_REFRESH_TOKEN: "canary-seed" })).verdicts, ["ok"]);
  assertEquals((await check(null, { ...OAUTH, OAUTH_ACCESS_TOKEN: "canary-seed" })).verdicts, ["warn"]);
});

Deno.test("checkCredential() warns of a renewal whose answer may be lost", async () => {
  assertEquals((await check({ ...RECORD, intent: { id: "1", at: NOW, losses: 1 } })).verdicts, ["ok", "warn"]);
});

Deno.test("checkCredential() tells a wrong sealing key", async () => {
  await assertRejects(() => check(RECORD, OAUTH, btoa("\x01".repeat(32))), UnsealError);
});

Deno.test("checkCredential() sends an API key as its header demands", async () => {
  const { GATEHOUSE_KEY, LLM_API_URL } = OAUTH;
  const env = { GATEHOUSE_KEY, LLM_API_URL, API_KEY_ENV_VAR: "MODEL_KEY", MODEL_KEY: "canary-key" };
  assertEquals((await check(null, env)).sent, "Bearer canary-key");
  assertEquals((await check(null, { ...env, API_KEY_HEADER: "x-api-key" })).sent, "canary-key");
});
