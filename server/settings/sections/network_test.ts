import { assertEquals, assertStringIncludes } from "@std/assert";
import type { NetworkSettings } from "../settings.ts";
import { faultNames, faultText, settingsOf } from "../settings_fixture.ts";

function proxies(env: Record<string, string>, dotenv: string | null = null): (string | undefined)[] {
  const { httpProxy, httpsProxy } = settingsOf(env, { dotenv }).network;
  return [httpProxy?.reveal(), httpsProxy?.reveal()];
}

const [A, B, C] = ["http://a:1/", "http://b:2/", "http://c:3/"];

Deno.test("proxies: HTTP_PROXY_URL for all, else by scheme, else ALL_PROXY", () => {
  assertEquals(proxies({ HTTP_PROXY_URL: A, HTTPS_PROXY: B, HTTP_PROXY: C }), [A, A]);
  assertEquals(proxies({ HTTP_PROXY: A, HTTPS_PROXY: B, ALL_PROXY: C }), [A, B]);
  assertEquals(proxies({ HTTP_PROXY: A, ALL_PROXY: C }), [A, C]);
  assertEquals(proxies({ HTTPS_PROXY: A }), [undefined, A]);
});

Deno.test("proxies: lower case wins, the environment wins over .env in either case", () => {
  assertEquals(proxies({ https_proxy: A, HTTPS_PROXY: B }), [undefined, A]);
  assertEquals(proxies({ HTTPS_PROXY: A }, `https_proxy=${B}`), [undefined, A]);
  assertEquals(proxies({}, `all_proxy=${B}`), [B, B]);
});

Deno.test("proxies: user info stays, a scheme is not needed, nonsense is a fault without it", () => {
  assertEquals(proxies({ ALL_PROXY: "u:pw9@a:1" })[0], "http://u:pw9@a:1/");
  assertEquals(proxies({ ALL_PROXY: "socks5://a:1" })[0], "socks5://a:1");
  const text = faultText({ ALL_PROXY: "ftp://u:pw9@a:1" });
  assertStringIncludes(text, "ALL_PROXY: found a hidden value");
  assertEquals(text.includes("pw9"), false);
});

Deno.test("proxies: user info that nobody could decode is a fault that says how to write it", () => {
  assertEquals(proxies({ ALL_PROXY: "http://u:p%25w@a:1" })[0], "http://u:p%25w@a:1/");
  for (const name of ["HTTP_PROXY_URL", "HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY"]) {
    const text = faultText({ [name]: "http://u:p%zz9@a:1" });
    assertStringIncludes(text, `${name}: found a hidden value`);
    assertStringIncludes(text, "%25");
    assertEquals(text.includes("zz9"), false);
  }
});

Deno.test("NO_PROXY is a list of lower-case suffixes", () => {
  assertEquals(settingsOf({ no_proxy: ".Corp.example, *.lan 10.0.0.0/8,a:81,*" }).network.noProxy, [
    "corp.example",
    "lan",
    "10.0.0.0/8",
    "a:81",
    "*",
  ]);
});

const CERTIFICATE = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
const KEY = "-----BEGIN PRIVATE KEY-----\nMIIC\n-----END PRIVATE KEY-----\n";

function readTextFile(path: string): string {
  const files: Record<string, string> = {
    "/ca.pem": CERTIFICATE,
    "/cert.pem": CERTIFICATE,
    "/key.pem": KEY,
    "/x": "x",
    "/cut.pem": CERTIFICATE + CERTIFICATE.slice(0, 30),
    "/page.pem": "-----BEGIN CERTIFICATE-----\n<html>\n-----END CERTIFICATE-----\n",
  };
  const text = files[path];
  if (text === undefined) throw new Deno.errors.NotFound(path);
  return text;
}

Deno.test("certificate files are read", () => {
  const env = { CA_FILE: "/ca.pem", CLIENT_CERT_FILE: "/cert.pem", CLIENT_KEY_FILE: "/key.pem" };
  const network: NetworkSettings = settingsOf(env, { readTextFile }).network;
  assertEquals(network.caCertificates, [CERTIFICATE]);
  assertEquals(network.clientCertificate?.certificate, CERTIFICATE);
  assertEquals(network.clientCertificate?.key.reveal(), KEY);
});

Deno.test("a file that is missing or holds something else is a fault", () => {
  const names = ["PRICES_FILE", "CA_FILE", "CLIENT_CERT_FILE", "CLIENT_KEY_FILE"];
  const all = (path: string) => Object.fromEntries(names.map((name) => [name, path]));
  assertEquals(faultNames(all("/none"), { readTextFile }), names);
  assertEquals(faultNames(all("/x"), { readTextFile }), names);
  for (const path of ["/cut.pem", "/page.pem"]) {
    assertEquals(faultNames({ CA_FILE: path }, { readTextFile }), ["CA_FILE"]);
  }
  assertStringIncludes(faultText({ CA_FILE: "/none" }), `found "/none" (NotFound)`);
  assertEquals(faultNames({ CLIENT_CERT_FILE: "/cert.pem" }, { readTextFile }), ["CLIENT_KEY_FILE"]);
  assertEquals(faultNames({ CLIENT_KEY_FILE: "/key.pem" }, { readTextFile }), ["CLIENT_CERT_FILE"]);
});
