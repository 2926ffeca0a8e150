import { assertEquals, assertRejects } from "@std/assert";
import { GatehouseError } from "../errors/mod.ts";
import { readForm } from "./mod.ts";

const TYPE = "application/x-www-form-urlencoded";

function read(body: string, type: string | null = TYPE, maxBytes = 100) {
  // A body of text would bring a content type of its own.
  const request = new Request("http://gate.example/", { method: "POST", body: new TextEncoder().encode(body) });
  if (type !== null) request.headers.set("content-type", type);
  return readForm(request, { fields: ["a", "b"], maxBytes, what: "do this" });
}

async function refusal(body: string, type?: string | null, maxBytes?: number): Promise<string> {
  const { code, param } = await assertRejects(() => read(body, type, maxBytes), GatehouseError);
  return param === null ? code : `${code} ${param}`;
}

Deno.test("readForm() gives the fields that are asked for, decoded, and ignores all others", async () => {
  assertEquals(await read("a=1+2%2B3&x=9&x=9&b=%C3%A9"), { a: "1 2+3", b: "é" });
  assertEquals(await read("__proto__=1&constructor=2&A=3"), {});
  assertEquals(await read(""), {});
});

Deno.test("readForm() takes a field without a value for absent", async () => {
  assertEquals(await read("a=&b"), {});
});

Deno.test("readForm() refuses a field that stands there twice, even without a value", async () => {
  for (const body of ["a=1&a=1", "a=1&b=1&a=", "a&a", "a=1&%61=2"]) {
    assertEquals(await refusal(body), "invalid_request a");
  }
});

Deno.test("readForm() refuses other content types, and a body without one", async () => {
  for (const type of [null, "", "application/json", "text/plain", `${TYPE}x`, `x${TYPE}`, "multipart/form-data"]) {
    assertEquals([type, await refusal("a=1", type)], [type, "unsupported_media_type"]);
  }
  for (const type of [TYPE.toUpperCase(), `${TYPE}; charset=utf-8`, `${TYPE} ;x`]) {
    assertEquals(await read("a=1", type), { a: "1" });
  }
});

Deno.test("readForm() refuses a body that is too long", async () => {
  assertEquals(await read("a=12345", TYPE, 7), { a: "12345" });
  assertEquals(await refusal("a=123456", TYPE, 7), "body_too_large");
});
