import { assert, assertEquals, assertRejects } from "@std/assert";
import { GatehouseError } from "../errors/mod.ts";
import { type Logger, silentLogger } from "../telemetry/mod.ts";
import { OTHER_MODELS } from "./books.ts";
import type { TokenCount } from "./count.ts";
import { account, ALL, figures, NOON, withWorld } from "./ledger_fixture.ts";

const nothing = (): TokenCount => ({ prompt: 0, completion: 0 });
const never = (): TokenCount => {
  throw new Error("nobody should ask");
};

Deno.test("a finished call is in the store a second later, at its price, and no timer stays", () =>
  withWorld(async ({ clock, process, stored }) => {
    const { ledger } = process("A");
    const meter = ledger.open(account(), never);
    assertEquals(meter.end({ prompt: 100, completion: 10 }, false), { micros: 300, currency: "USD" });
    assertEquals(ledger.open(account(), never).end({ prompt: 1, completion: 1 }, true)?.micros, 12);
    assertEquals(clock.pending, 1);
    await clock.advance(1_000);
    assertEquals(figures((await stored())[0]), [2, 101, 11, 1, 312]);
    assertEquals(clock.pending, 0);
    await ledger.close();
  }));

Deno.test("only the first end of a meter counts, and running is never asked after it", () =>
  withWorld(async ({ clock, process, stored }) => {
    const { ledger } = process("A");
    const ended = ledger.open(account(), never);
    assertEquals(ended.end({ prompt: 1, completion: 0 }, false)?.micros, 2);
    assertEquals(ended.end({ prompt: 7, completion: 7 }, true)?.micros, 2);
    ended.unused();
    const unused = ledger.open(account(), never);
    unused.unused();
    unused.end({ prompt: 9, completion: 9 }, true);
    await clock.advance(5_000);
    assertEquals(figures((await stored())[0]), [2, 1, 0, 0, 2]);
    await ledger.close();
  }));

Deno.test("a call that used nothing counts as a request; without a price there is no cost", () =>
  withWorld(async ({ process, stored }) => {
    const { ledger } = process("A");
    ledger.open(account(), nothing).unused();
    ledger.open(account({ model: "free" }), nothing).unused();
    assertEquals(ledger.open(account({ model: "free" }), nothing).end({ prompt: 5, completion: 5 }, false), null);
    await ledger.flush();
    assertEquals((await stored()).map((sum) => [sum.key, ...figures(sum) ?? []]), [
      ["free", 2, 5, 5, 0, null],
      ["m", 1, 0, 0, 0, 0],
    ]);
    await ledger.close();
  }));

Deno.test("an open call stands in the books each second with what it has used so far, as estimated", () =>
  withWorld(async ({ clock, process, stored }) => {
    const { ledger, view } = process("A");
    const count = { prompt: 10, completion: 0 };
    const meter = ledger.open(account(), () => ({ ...count }));
    ledger.open(account(), never).end({ prompt: 1, completion: 1 }, false);
    await clock.advance(1_000);
    assertEquals(figures((await stored())[0]), [2, 11, 1, 1, 32]);
    count.completion = 50;
    await clock.advance(1_000);
    assertEquals(figures((await stored())[0]), [2, 11, 51, 1, 532]);
    const writes = view.count("commit");
    await clock.advance(5_000);
    assertEquals(view.count("commit"), writes, "what has not changed is not written");
    meter.end({ prompt: 12, completion: 49 }, false);
    await clock.advance(1_000);
    assertEquals(figures((await stored())[0]), [2, 13, 50, 0, 526]);
    assertEquals(clock.pending, 0);
    await ledger.close();
  }));

Deno.test("a call belongs to the day on which it began, also when it ends on the next", () =>
  withWorld(async ({ clock, process, stored }) => {
    const { ledger } = process("A");
    await clock.advance(12 * 3600_000 - 1);
    const late = ledger.open(account(), nothing);
    ledger.open(account(), never).end({ prompt: 1, completion: 0 }, false);
    await clock.advance(1);
    ledger.open(account(), never).end({ prompt: 10, completion: 0 }, false);
    await clock.advance(3_000);
    late.end({ prompt: 100, completion: 0 }, false);
    await clock.advance(1_000);
    assertEquals((await stored({ groupBy: "day" })).map((sum) => [sum.key, ...figures(sum) ?? []]), [
      ["2026-11-20", 2, 101, 0, 0, 202],
      ["2026-11-21", 1, 10, 0, 0, 20],
    ]);
    await ledger.close();
  }));

Deno.test("a wall clock that goes back to a past day loses nothing of it", () =>
  withWorld(async ({ clock, process, stored }) => {
    const { ledger } = process("A");
    for (const jump of [0, 86_400_000, -86_400_000, 86_400_000, -86_400_000]) {
      clock.jump(jump);
      ledger.open(account(), never).end({ prompt: 1, completion: 0 }, false);
      await clock.advance(1_000);
    }
    assertEquals((await stored({ groupBy: "day" })).map(({ requests }) => requests), [3, 2]);
    await ledger.close();
  }));

Deno.test("a failed writing is tried again each second, told once, and its end too", () =>
  withWorld(async ({ clock, process, stored }) => {
    const lines: string[] = [];
    const log: Logger = {
      ...silentLogger,
      warn: (message, fields) => lines.push(`warn ${message} ${fields?.reason}`),
      info: (message) => lines.push(`info ${message}`),
    };
    const { ledger, view } = process("A", { log });
    view.fail({ kind: "unavailable" });
    ledger.open(account(), never).end({ prompt: 1, completion: 0 }, false);
    await clock.advance(10_000);
    assertEquals(view.count("commit"), 1);
    assert(view.count("get") >= 9, "tried again each second");
    const failed = await assertRejects(() => ledger.flush(), GatehouseError);
    assertEquals(failed.code, "storage_unavailable");
    assertEquals(lines.length, 1);
    assert(lines[0]?.startsWith("warn usage cannot be written"));
    view.heal();
    await clock.advance(1_000);
    assertEquals(figures((await stored())[0]), [1, 1, 0, 0, 2]);
    assertEquals(lines.slice(1), ["info usage is written again"]);
    await ledger.close();
  }));

Deno.test("a write that was given up and comes through later undoes nothing", () =>
  withWorld(async ({ clock, process, store, stored }) => {
    let late: (() => Promise<unknown>) | null = null;
    let losing = true;
    const { ledger } = process("A", {
      store: {
        ...store,
        commit(change) {
          if (!losing) return store.commit(change);
          losing = false;
          late = () => store.commit(change);
          return Promise.reject(new GatehouseError("storage_unavailable", "It did not answer in time."));
        },
      },
    });
    const call = (prompt: number) => ledger.open(account(), never).end({ prompt, completion: 0 }, false);
    const comeThrough = () => (late as (() => Promise<unknown>) | null)?.(); // set in a callback, which hides it
    call(1);
    await clock.advance(1_000);
    call(10);
    await clock.advance(1_000);
    assertEquals(figures((await stored())[0])?.slice(0, 2), [2, 11]);
    assertEquals(await comeThrough(), null);
    assertEquals(figures((await stored())[0])?.slice(0, 2), [2, 11]);
    losing = true;
    call(100);
    await clock.advance(1_000);
    assert(await comeThrough() !== null, "this time before the next write");
    call(1000);
    await clock.advance(1_000);
    assertEquals(figures((await stored())[0])?.slice(0, 2), [4, 1111]);
    await ledger.close();
  }));

Deno.test("a write that was given up and comes through between look and write is written over a second later", () =>
  withWorld(async ({ clock, process, store, stored }) => {
    let late: (() => Promise<unknown>) | null = null;
    let tries = 0;
    const { ledger } = process("A", {
      store: {
        ...store,
        async commit(change) {
          tries++;
          if (tries === 1) {
            late = () => store.commit(change);
            throw new GatehouseError("storage_unavailable", "It did not answer in time.");
          }
          if (tries === 2) await late?.();
          return await store.commit(change);
        },
      },
    });
    for (const prompt of [1, 10]) {
      ledger.open(account(), never).end({ prompt, completion: 0 }, false);
      await clock.advance(1_000);
    }
    assertEquals([tries, figures((await stored())[0])?.slice(0, 2)], [2, [1, 1]]);
    await clock.advance(1_000);
    assertEquals([tries, figures((await stored())[0])?.slice(0, 2)], [3, [2, 11]]);
    await ledger.close();
  }));

Deno.test("a lost answer is not taken for the state before it", () =>
  withWorld(async ({ clock, process, stored }) => {
    const { ledger, view } = process("A");
    let prompt = 10;
    const meter = ledger.open(account(), () => ({ prompt, completion: 0 }));
    await clock.advance(1_000);
    prompt = 20;
    view.fail({ kind: "answer_lost" }, { calls: ["commit"], times: 1 });
    await clock.advance(1_000);
    assertEquals(figures((await stored())[0])?.slice(0, 2), [1, 20]);
    prompt = 10;
    await clock.advance(1_000);
    assertEquals(figures((await stored())[0])?.slice(0, 2), [1, 10]);
    meter.unused();
    await ledger.close();
  }));

Deno.test("a call that opens while its row is written is counted from the next second on", () =>
  withWorld(async ({ clock, process, stored }) => {
    const { ledger, view } = process("A");
    view.fail({ kind: "hang" }, { calls: ["commit"], times: 1 });
    ledger.open(account(), never).end({ prompt: 1, completion: 0 }, false);
    await clock.advance(1_000);
    const meter = ledger.open(account(), () => ({ prompt: 10, completion: 0 }));
    view.heal();
    await clock.advance(1_000);
    assertEquals(figures((await stored())[0])?.slice(0, 2), [2, 11]);
    meter.unused();
    await ledger.close();
  }));

Deno.test("two processes add to one sum, and neither writes what the other wrote", () =>
  withWorld(async ({ process, stored, store }) => {
    const [a, b] = [process("A"), process("B")];
    a.ledger.open(account(), never).end({ prompt: 1, completion: 0 }, false);
    b.ledger.open(account(), never).end({ prompt: 2, completion: 0 }, false);
    await Promise.all([a.ledger.flush(), b.ledger.flush()]);
    assertEquals(figures((await stored())[0]), [2, 3, 0, 0, 6]);
    assertEquals((await Array.fromAsync(store.list(["usage", "2026-11-20"]))).length, 2);
    await Promise.all([a.ledger.close(), b.ledger.close()]);
  }));

Deno.test("many rows go into commits of bounded size", () =>
  withWorld(async ({ process, stored }) => {
    const { ledger, view } = process("A");
    for (let i = 0; i < 450; i++) {
      const meter = ledger.open(account({ userId: `user${i % 225}`, model: `${i}`.padEnd(300, "é") }), never);
      meter.end({ prompt: i, completion: 0 }, false);
    }
    await ledger.flush();
    assertEquals(view.count("commit"), 5);
    assertEquals(
      (await stored({ groupBy: "user", limit: 1000 })).reduce((sum, { requests }) => sum + requests, 0),
      450,
    );
    await ledger.close();
  }));

Deno.test("names of models are cut, made well-formed, and bounded in number", () =>
  withWorld(async ({ process, stored }) => {
    const { ledger } = process("A");
    const call = (model: string) => ledger.open(account({ model }), never).end({ prompt: 1, completion: 0 }, false);
    for (const half of ["\ud800", "\ud801", "x".repeat(199) + "😀"]) call(half);
    assertEquals((await ledger.sum(ALL)).items.map(({ key, requests }) => [key, requests]), [
      ["x".repeat(199) + "\ufffd", 1],
      ["\ufffd", 2],
    ]);
    for (let i = 0; i < 300; i++) call(`model${i}`);
    assertEquals(call("m")?.micros, 2);
    await ledger.flush();
    const sums = await stored({ limit: 1000 });
    assertEquals(sums.length, 201);
    assertEquals(figures(sums.find(({ key }) => key === OTHER_MODELS)), [103, 103, 0, 0, 2]);
    call("model0");
    assertEquals((await ledger.sum({ ...ALL, limit: 1000 })).items.find(({ key }) => key === "model0")?.requests, 2);
    await ledger.close();
  }));

Deno.test("counts of any size stay finite sums", () =>
  withWorld(async ({ process, stored }) => {
    const { ledger } = process("A");
    for (const prompt of [1e12, 1e300, Infinity, NaN, -1]) {
      ledger.open(account(), never).end({ prompt, completion: 1e12 }, false);
    }
    await ledger.flush();
    const [requests, prompt, completion, , micros] = figures((await stored())[0]) ?? [];
    assertEquals([requests, completion], [5, 5e12]);
    assertEquals(prompt, 1e12 + 2 * Number.MAX_SAFE_INTEGER);
    assert(Number.isFinite(micros));
    await ledger.close();
  }));

Deno.test("close() writes what is left, open calls too, and leaves no timer, whatever the store does", () =>
  withWorld(async ({ clock, process, stored }) => {
    const [a, b] = [process("A"), process("B")];
    for (const { ledger } of [a, b]) {
      ledger.open(account(), never).end({ prompt: 1, completion: 0 }, false);
      ledger.open(account(), () => ({ prompt: 10, completion: 0 }));
    }
    b.view.fail({ kind: "unavailable" });
    await Promise.all([a.ledger.close(), b.ledger.close()]);
    assertEquals(figures((await stored())[0]), [2, 11, 0, 1, 22]);
    assertEquals(clock.pending, 0);
    b.ledger.open(account(), never).unused();
    assertEquals(clock.pending, 0);
  }));

Deno.test("flush() during a writing waits for one that has seen all before it", () =>
  withWorld(async ({ clock, process, stored }) => {
    const { ledger, view } = process("A");
    view.fail({ kind: "hang" }, { calls: ["commit"], times: 1 });
    ledger.open(account(), never).end({ prompt: 1, completion: 0 }, false);
    const first = ledger.flush();
    await clock.advance(0);
    ledger.open(account(), never).end({ prompt: 10, completion: 0 }, false);
    const second = Promise.all([ledger.flush(), ledger.flush()]);
    view.heal();
    await Promise.all([first, second]);
    assertEquals(figures((await stored())[0])?.slice(0, 2), [2, 11]);
    assertEquals(view.count("commit"), 2);
    await ledger.close();
  }));

Deno.test("sum() counts this process to the moment; when it cannot write, it gives what the store holds", () =>
  withWorld(async ({ clock, process }) => {
    assertEquals(clock.now(), NOON);
    const { ledger, view } = process("A");
    ledger.open(account(), never).end({ prompt: 1, completion: 0 }, false);
    assertEquals(figures((await ledger.sum(ALL)).items[0])?.slice(0, 2), [1, 1]);
    view.fail({ kind: "unavailable" }, { calls: ["commit"] });
    ledger.open(account(), never).end({ prompt: 1, completion: 0 }, false);
    assertEquals(figures((await ledger.sum(ALL)).items[0])?.slice(0, 2), [1, 1]);
    view.fail({ kind: "unavailable" });
    await assertRejects(() => ledger.sum(ALL), GatehouseError, "Cannot list");
    view.heal();
    await ledger.close();
  }));
