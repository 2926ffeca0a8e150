import { assertEquals, assertRejects } from "@std/assert";
import { settle } from "../../effects/fake_clock.ts";
import { memoryStore } from "../../storage/testing.ts";
import { examination } from "./examination_fixture.ts";
import { checkStore } from "./store.ts";
import { LIMIT, TimeLimitError } from "./time_limit.ts";

Deno.test("checkStore() leaves nothing behind", async () => {
  const store = await memoryStore();
  try {
    assertEquals((await checkStore(examination({}), store)).map(({ verdict }) => verdict), ["ok"]);
    assertEquals(await Array.fromAsync(store.list([])), []);
  } finally {
    store.close();
  }
});

Deno.test("checkStore() gives up on a store that hangs", async () => {
  const store = await memoryStore();
  try {
    store.fail({ kind: "hang" });
    const exam = examination({});
    const check = assertRejects(() => checkStore(exam, store), TimeLimitError);
    await exam.clock.advance(LIMIT);
    await check;
    store.heal();
    await settle();
  } finally {
    store.close();
  }
});
