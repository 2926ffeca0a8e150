import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { inCidr, isLoopbackHost, parseIp } from "./ip.ts";
import { matchesNoProxy } from "./no_proxy.ts";
import { hostPort, safeUrl } from "./safe_url.ts";

const CASES: readonly (readonly [entry: string, url: string, matches: boolean])[] = [
  ["*", "http://any.test", true],
  ["example.com", "http://example.com", true],
  ["example.com", "http://a.b.example.com", true],
  ["example.com", "http://notexample.com", false],
  [".example.com", "http://a.example.com", true],
  [".example.com", "http://example.com", true],
  ["*.example.com", "http://a.example.com", true],
  ["EXAMPLE.com.", "http://Example.COM.", true],
  ["example.com:8443", "https://example.com:8443", true],
  ["example.com:8443", "https://example.com", false],
  ["example.com:443", "https://example.com", true],
  ["*:8080", "http://x.test:8080", true],
  ["*:8080", "http://x.test", false],
  ["10.0.0.1", "http://10.0.0.1", true],
  ["10.0.0.1", "http://10.0.0.12", false],
  ["0.0.1", "http://10.0.0.1", false],
  ["10.0.0.1:80", "http://10.0.0.1", true],
  ["10.0.0.1:81", "http://10.0.0.1", false],
  ["10.0.0.0/8", "http://10.200.3.4", true],
  ["10.0.0.0/8", "http://11.0.0.1", false],
  ["192.168.128.0/17", "http://192.168.127.1", false],
  ["192.168.128.0/17", "http://192.168.200.1", true],
  ["10.0.0.0/8", "http://ten.test", false],
  ["::1", "http://[::1]", true],
  ["[fd00::1]:8080", "http://[fd00:0::1]:8080", true],
  ["[fd00::1]:8080", "http://[fd00::1]", false],
  ["fd00::/8", "http://[fd12::1]", true],
  ["fd00::/8", "http://[fe12::1]", false],
  ["10.0.0.0/x", "http://10.0.0.1", false],
  ["10.0.0.0/33", "http://10.0.0.0", false],
  ["", "http://example.com", false],
];

for (const [entry, url, matches] of CASES) {
  Deno.test(`matchesNoProxy() says ${matches} for "${entry}" and ${url}`, () => {
    assertEquals(matchesNoProxy([entry], new URL(url)), matches);
    assertEquals(matchesNoProxy(["other.test", entry], new URL(url)), matches);
  });
}

Deno.test("matchesNoProxy() never throws, whatever the entry", () => {
  fc.assert(fc.property(fc.string(), fc.webUrl(), (entry, url) => {
    matchesNoProxy([entry], new URL(url));
  }));
});

Deno.test("parseIp() and inCidr() agree that an address lies in each of its own blocks", () => {
  fc.assert(fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), fc.nat(128), (text, bits) => {
    const ip = parseIp(text);
    if (ip === null) return false;
    const size = text.includes(":") && ip.length === 4 ? null : ip.length * 8; // mapped IPv4 has no blocks written as IPv6
    return size === null || inCidr(ip, `${text}/${Math.min(bits, size)}`);
  }));
});

Deno.test("isLoopbackHost() knows this machine's names", () => {
  const yes = ["localhost", "a.localhost", "127.0.0.1", "127.9.9.9", "[::1]", "[::ffff:127.0.0.1]", "2130706433"];
  const no = ["localhost.test", "128.0.0.1", "[::2]", "127.0.0.1.test", "[::ffff:10.0.0.1]"];
  assertEquals(yes.filter((host) => !isLoopbackHost(new URL(`http://${host}`))), []);
  assertEquals(no.filter((host) => isLoopbackHost(new URL(`http://${host}`))), []);
});

Deno.test("safeUrl() and hostPort() leave user info, query and fragment out", () => {
  const url = new URL("https://user:canary@host.test/a/b?token=canary#canary");
  assertEquals([safeUrl(url), hostPort(url)], ["https://host.test/a/b", "host.test:443"]);
  assertEquals([safeUrl("http://h:81/?canary"), safeUrl("canary")], ["http://h:81/", "(not a URL)"]);
});
