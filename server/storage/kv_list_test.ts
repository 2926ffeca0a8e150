import { assertEquals } from "@std/assert";
import { memoryStore } from "./testing.ts";
import type { ListOptions, Store } from "./store.ts";

async function filled(): Promise<Store> {
  const store = await memoryStore();
  const puts = ["a", "b", "c", "d"].map((name) => ({ key: ["rows", name], value: name }));
  await store.commit({ puts: [...puts, { key: ["other"], value: "x" }, { key: ["rowsB"], value: "y" }] });
  return store;
}

async function names(store: Store, options?: ListOptions): Promise<string> {
  const found: string[] = [];
  for await (const { value } of store.list<string>(["rows"], options)) found.push(value);
  return found.join("");
}

Deno.test("list() gives a part of what lies under a prefix, in either order", async () => {
  const store = await filled();
  assertEquals(await names(store), "abcd");
  assertEquals(await names(store, { reverse: true, limit: 3 }), "dcb");
  assertEquals(await names(store, { start: ["rows", "b"] }), "bcd");
  assertEquals(await names(store, { end: ["rows", "c"], reverse: true }), "ba");
  assertEquals(await names(store, { start: ["rows", "b"], end: ["rows", "d"], limit: 1 }), "b");
  assertEquals(await names(store, { start: ["rows", "a", new Uint8Array()] }), "bcd");
  store.close();
});
