import { assertEquals } from "@std/assert";
import { takeProxyVariables } from "./source.ts";

Deno.test("takeProxyVariables() empties the process and returns what it took", () => {
  const vars = new Map([["HTTP_PROXY", "a"], ["https_proxy", "b"], ["No_Proxy", "c"], ["ALL_PROXY", ""], [
    "PATH",
    "d",
  ]]);
  const env = { get: (name: string) => vars.get(name), delete: (name: string) => void vars.delete(name) };
  assertEquals(takeProxyVariables(env), { HTTP_PROXY: "a", https_proxy: "b", ALL_PROXY: "" });
  assertEquals([...vars.keys()], ["No_Proxy", "PATH"]);
});

Deno.test("takeProxyVariables() reads both cases before it deletes, for names without case", () => {
  const vars = new Map([["HTTP_PROXY", "a"]]);
  const env = {
    get: (name: string) => vars.get(name.toUpperCase()),
    delete: (name: string) => void vars.delete(name.toUpperCase()),
  };
  assertEquals(takeProxyVariables(env), { http_proxy: "a", HTTP_PROXY: "a" });
  assertEquals(vars.size, 0);
});
