import { assertEquals } from "@std/assert";
import { addressList, host, hostAndPort, hostList, originList } from "./host_types.ts";
import { bytes, integer, minutes, number, seconds, secondsOrZero } from "./number_types.ts";
import { headerName, headerPairs } from "./pair_types.ts";
import { flag, key256, line, oneOf, path, token, variableName } from "./text_types.ts";
import type { ValueType } from "./value_type.ts";

function read<T>(type: ValueType<T>, text: string): T | "refused" {
  const parsed = type.parse(text);
  return parsed.ok ? parsed.value : "refused";
}

function refuses<T>(type: ValueType<T>, ...texts: string[]): void {
  for (const text of texts) assertEquals(read(type, text), "refused", `takes ${JSON.stringify(text)}`);
}

Deno.test("numbers have bounds and no exotic spellings", () => {
  assertEquals([read(integer(0, 65535), "0"), read(integer(0, 65535), " 65535 ")], [0, 65535]);
  refuses(integer(0, 65535), "65536", "-1", "1.0", "0x10", "1e3", "", " ", "９");
  assertEquals(read(number(0, 2), "0.25"), 0.25);
  refuses(number(0, 2), "2.1", "NaN", "Infinity", ".");
});

Deno.test("durations are read in their unit and given in milliseconds", () => {
  assertEquals([read(seconds, "0.25"), read(seconds, "86400"), read(minutes, "1.5")], [250, 86_400_000, 90_000]);
  assertEquals(read(secondsOrZero, "0"), 0);
  refuses(seconds, "0", "0.0001", "86401", "2s", "-1");
  refuses(secondsOrZero, "0.0001");
});

Deno.test("bytes take binary suffixes", () => {
  assertEquals(["1", "2K", "2kib", "20MiB", "1G"].map((text) => read(bytes, text)), [1, 2048, 2048, 20971520, 2 ** 30]);
  refuses(bytes, "0", "1.5M", "2KB", "K", "9999999999G");
});

Deno.test("texts: words, flags, lines, paths, tokens, names", () => {
  assertEquals([read(oneOf("a", "b"), " B "), read(line, " x y "), read(path, "./a b")], ["b", "x y", "./a b"]);
  assertEquals(["1", "TRUE", "on", "0", "no"].map((text) => read(flag, text)), [true, true, true, false, false]);
  refuses(flag, "2", "ja");
  refuses(line, " ", "a\nb");
  refuses(path, "~/x", "\0");
  refuses(token, "a b", "", "é");
  refuses(variableName, "sk-1", "1A", "");
  refuses(key256, btoa("k".repeat(32)) + "=", "?".repeat(43), "");
});

Deno.test("hosts", () => {
  const good = ["127.0.0.1", "LocalHost", "[::1]", "::1", "my_host", "0.0.0.0"];
  assertEquals(good.map((text) => read(host, text)), ["127.0.0.1", "localhost", "::1", "::1", "my_host", "0.0.0.0"]);
  refuses(host, "localhost:80", "http://x", "a b", "::zz", "", "a/b", "1.2.3.999");
  assertEquals([read(hostAndPort, "A.example:1"), read(hostAndPort, "[::1]:2")], ["a.example:1", "[::1]:2"]);
  refuses(hostAndPort, "a:0", "a:65536", "a:", ":1", "a/b", "u@a", "https://a");
  assertEquals(read(hostList, "a, b:1 c"), ["a", "b:1", "c"]);
});

Deno.test("origins and addresses", () => {
  assertEquals(read(originList, "https://A.example, http://b:81/"), ["https://a.example", "http://b:81"]);
  refuses(originList, "*", "null", "a.example", "https://a/x", "https://u@a");
  assertEquals(read(addressList, "10.0.0.1,FD00::/8, 10.0.0.0/8"), ["10.0.0.1", "fd00::/8", "10.0.0.0/8"]);
  refuses(addressList, "10.0.0.0/33", "proxy.example", "300.1.1.1", "fd00::/129", "1.2.3.4/");
});

Deno.test("headers come as lines or JSON, never the connection's own", () => {
  const pairs = (text: string) => {
    const value = read(headerPairs, text);
    return value === "refused" ? value : value.map(([name, secret]) => [name, secret.reveal()]);
  };
  assertEquals(pairs("X-A: 1; X-B: a:b"), [["x-a", "1"], ["x-b", "a:b"]]);
  assertEquals(pairs("X-A: 1\r\nX-B: 2\n"), [["x-a", "1"], ["x-b", "2"]]);
  assertEquals(pairs(`{"X-A":"1; 2"}`), [["x-a", "1; 2"]]);
  refuses(
    headerPairs,
    "X-A",
    ": 1",
    "X A: 1",
    "Host: x",
    "content-length: 1",
    "TE: x",
    `{"a":1}`,
    `{"a":"b\\nc"}`,
    "{",
  );
  assertEquals(read(headerName, "X-Api-Key"), "x-api-key");
  refuses(headerName, "connection", "a b", "");
});
