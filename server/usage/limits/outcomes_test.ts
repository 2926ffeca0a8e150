import { assert, assertEquals, assertRejects } from "@std/assert";
import { GatehouseError } from "../../errors/mod.ts";
import { memoryStore } from "../../storage/testing.ts";
import { Outcomes } from "./outcomes.ts";

Deno.test("ask() tells a commit that happened from one that did not", async () => {
  const store = await memoryStore();
  const outcomes = new Outcomes(store, "p0");
  await outcomes.read();
  for (const kind of ["answer_lost", "unavailable"] as const) {
    for (let i = 0; i < 2; i++) {
      const { number, change } = outcomes.next();
      store.fail({ kind }, { times: 1 });
      await assertRejects(() => store.commit(change), GatehouseError);
      assertEquals(await outcomes.ask(number), kind === "answer_lost");
    }
  }
  const version = await store.commit(outcomes.next().change);
  assert(version !== null);
  store.close();
});

Deno.test("a commit that ask() said had not happened never will", async () => {
  const store = await memoryStore();
  const outcomes = new Outcomes(store, "p0");
  await outcomes.read();
  const late = outcomes.next();
  store.fail({ kind: "answer_lost" }, { calls: ["commit"], times: 1 });
  await assertRejects(() => outcomes.ask(late.number), GatehouseError);
  assertEquals(await outcomes.ask(late.number), false);
  assertEquals(await store.commit({ ...late.change, puts: [{ key: ["a"], value: 1 }] }), null);
  store.close();
});

Deno.test("the marks of an earlier life of the same name are not taken for ours", async () => {
  const store = await memoryStore();
  for (let life = 0; life < 2; life++) {
    const outcomes = new Outcomes(store, "p0");
    await outcomes.read();
    const { number, change } = outcomes.next();
    if (life === 0) assert(await store.commit(change) !== null);
    else assertEquals(await outcomes.ask(number), false);
  }
  store.close();
});
