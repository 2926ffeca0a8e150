import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import { formatFault } from "./fault.ts";
import { faultNames, faultText, load, OAUTH_MODEL, settingsOf } from "./settings_fixture.ts";
import { type VariableName, VARIABLES } from "./variables/mod.ts";

const NAMES = Object.keys(VARIABLES);

Deno.test("loadSettings() has a default for everything", () => {
  const { server, storage, network, accounts, upstreams, demo } = settingsOf({});
  assertEquals(server, {
    host: "127.0.0.1",
    port: 8000,
    auth: "auto",
    registration: "local",
    allowedHosts: [],
    corsOrigins: [],
    trustedProxies: [],
    publicUrl: null,
    maxBodyBytes: 20 * 1024 * 1024,
    drainTimeout: 30_000,
    logLevel: "info",
    logFile: null,
    metricsToken: null,
  });
  assertEquals(storage, {
    dataDir: "/home/ann/.local/state/gatehouse",
    configDir: "/home/ann/.config/gatehouse",
    kvUrl: null,
    kvAccessToken: null,
    sealingKey: null,
  });
  assertEquals(network, {
    httpProxy: null,
    httpsProxy: null,
    noProxy: [],
    connectionTimeout: 2000,
    caCertificates: [],
    clientCertificate: null,
  });
  assertEquals(accounts, { jwtSecret: null, accessTokenExpire: 1_800_000, adminUsername: null, adminPassword: null });
  assertEquals([upstreams, demo], [[], true]);
});

Deno.test("loadSettings() puts the environment over .env, and counts an empty value as unset", () => {
  const dotenv = "\ufeffPORT=1001\nexport HOST='::1' # here\nLOG_LEVEL=\n";
  assertEquals(settingsOf({}, { dotenv }).server.port, 1001);
  assertEquals(settingsOf({}, { dotenv }).server.host, "::1");
  assertEquals(settingsOf({ PORT: "1002" }, { dotenv }).server.port, 1002);
  assertEquals(settingsOf({ PORT: "" }, { dotenv }).server.port, 1001);
  assertEquals(settingsOf({}, { dotenv }).server.logLevel, "info");
});

Deno.test("loadSettings() tells all faults at once", () => {
  assertEquals(faultNames({ PORT: "http", AUTH: "off", LLM_API_URL: "models.example", OAUTH_SCOPE: "x" }), [
    "PORT",
    "AUTH",
    "LLM_API_URL",
    "OAUTH_CLIENT_ID",
    "OAUTH_TOKEN_URL",
  ]);
  assertStringIncludes(faultText({ PORT: "http" }), `PORT: found "http", expected a whole number, 0 to 65535`);
});

Deno.test("loadSettings() closes registration off loopback only", () => {
  const off = { ...OAUTH_MODEL, HOST: "0.0.0.0" };
  assertEquals(settingsOf(off).server.registration, "closed");
  assertEquals(settingsOf({ ...off, REGISTRATION: "open" }).server.registration, "open");
});

Deno.test("loadSettings() needs the sealing key with a remote store", () => {
  const remote = { ...OAUTH_MODEL, DENO_KV_URL: "https://kv.example/x", DENO_KV_ACCESS_TOKEN: "t" };
  assertEquals(faultNames(remote), ["GATEHOUSE_KEY"]);
  const key = btoa("k".repeat(32));
  assertEquals(settingsOf({ ...remote, GATEHOUSE_KEY: key }).storage.sealingKey?.reveal(), key);
  assertEquals(faultNames({ ...remote, GATEHOUSE_KEY: btoa("k".repeat(31)) }), ["GATEHOUSE_KEY"]);
  assertEquals(faultNames({ ...remote, GATEHOUSE_KEY: btoa("k".repeat(33)) }), ["GATEHOUSE_KEY"]);
});

Deno.test("loadSettings() takes JWT_SECRET before SECRET_KEY, both of 32 bytes", () => {
  const [first, second] = ["a".repeat(32), "ü".repeat(16)];
  assertEquals(settingsOf({ SECRET_KEY: second }).accounts.jwtSecret?.reveal(), second);
  assertEquals(settingsOf({ SECRET_KEY: second, JWT_SECRET: first }).accounts.jwtSecret?.reveal(), first);
  assertEquals(faultNames({ JWT_SECRET: "a".repeat(31) }), ["JWT_SECRET"]);
});

Deno.test("loadSettings() wants the first administrator whole", () => {
  assertEquals(faultNames({ ADMIN_USERNAME: "ann" }), ["ADMIN_PASSWORD"]);
  assertEquals(faultNames({ ADMIN_PASSWORD: "x" }), ["ADMIN_USERNAME"]);
  assertEquals(settingsOf({ ADMIN_USERNAME: "ann", ADMIN_PASSWORD: " x " }).accounts.adminPassword?.reveal(), " x ");
});

Deno.test("loadSettings() warns of names that look like its own, naming the nearest", () => {
  const loaded = load({
    ...OAUTH_MODEL,
    OAUTH_CLIENTID: "x",
    OAUTH_TOKEN: "t",
    LLM_MODEL: "m",
    GATEHOUSE_PORT: "1",
    OTHER: "x",
  });
  assert(loaded.ok);
  assertEquals(loaded.warnings, [
    "OAUTH_CLIENTID is not a setting of Gatehouse and is ignored: did you mean OAUTH_CLIENT_ID?",
    "OAUTH_TOKEN is not a setting of Gatehouse and is ignored: did you mean OAUTH_TOKEN_URL?",
    "LLM_MODEL is not a setting of Gatehouse and is ignored: did you mean LLM_MODEL_NAME?",
    "GATEHOUSE_PORT is not a setting of Gatehouse and is ignored: did you mean PORT?",
  ]);
});

Deno.test("loadSettings() does not warn of the variable that holds the API key", () => {
  const loaded = load({ LLM_BASE_URL: "https://m.example", API_KEY_ENV_VAR: "LLM_API_KEY", LLM_API_KEY: "k" });
  assert(loaded.ok);
  assertEquals(loaded.warnings, []);
});

Deno.test("loadSettings() warns of a setting that does nothing alone", () => {
  assertEquals(load({ API_KEY_HEADER: "x-api-key" }).warnings, ["API_KEY_HEADER does nothing without API_KEY_ENV_VAR"]);
});

Deno.test("loadSettings() warns of malformed .env lines without repeating them", () => {
  const { warnings } = load({}, { dotenv: "OAUTH_REFRESH_TOKEN: canary==\n" });
  assertEquals(warnings, [".env: 1 line(s) are not NAME=value and are ignored"]);
});

Deno.test("loadSettings() never throws and never shows a secret, whatever the values", () => {
  const canary = "cAnArY7";
  const secretNames = NAMES.filter((name) => VARIABLES[name as VariableName].type.secret); // keys of VARIABLES
  const urlNames = NAMES.filter((name) => /_(URL|ISSUER|URI)$/.test(name) && !secretNames.includes(name));
  const text = fc.string({ unit: "binary", maxLength: 30 });
  const secretText = fc.tuple(text, text).map(([before, after]) => `${before}${canary}${after}`);
  const scheme = fc.constantFrom("https://", "http://", "ftp://", "");
  const userInfo = fc.tuple(scheme, text, text).map(([start, a, b]) => `${start}u${a}:${canary}${b}@host/p`);
  const query = fc.tuple(scheme, text).map(([start, a]) => `${start}ho st?key=${canary}${a}`);
  const entries = fc.array(fc.oneof(
    fc.tuple(fc.constantFrom(...NAMES), text),
    fc.tuple(fc.constantFrom(...secretNames), secretText),
    fc.tuple(fc.constantFrom(...urlNames, "OAUTH_HOST", "HOST", "CORS_ORIGINS"), fc.oneof(userInfo, query)),
    fc.tuple(fc.constant("API_KEY_ENV_VAR"), secretText),
  ));
  fc.assert(fc.property(entries, fc.option(text, { nil: null }), (pairs, dotenv) => {
    const loaded = load(Object.fromEntries(pairs), { dotenv });
    const shown = [...loaded.warnings, ...(loaded.ok ? [] : loaded.faults.map(formatFault))].join("\n");
    assert(!shown.includes(canary), shown);
  }));
});
