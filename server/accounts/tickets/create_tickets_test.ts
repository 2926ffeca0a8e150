import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { FakeClock } from "../../effects/fake_clock.ts";
import { GatehouseError } from "../../errors/mod.ts";
import { Secret } from "../../secrets/mod.ts";
import { type FaultyStore, memoryStore, withFaults } from "../../storage/testing.ts";
import type { Who } from "../who.ts";
import { createTickets } from "./create_tickets.ts";
import type { Tickets } from "./tickets.ts";

const WHO: Who = {
  userId: "01USER",
  role: "user",
  via: "token",
  keyId: "01KEY",
  models: [["a", "b"], []],
  limited: [{ kind: "key", id: "01KEY", limits: { rpm: 1, tpm: null, budget: { amountMicros: 5, period: "day" } } }],
  ticketFor: null,
};

interface Given {
  readonly clock: FakeClock;
  readonly store: FaultyStore;
  /** Starts another process on the store. */
  readonly start: () => Tickets & { readonly store: FaultyStore };
}

async function withStore(test: (given: Given) => Promise<void>): Promise<void> {
  const clock = new FakeClock();
  const store = await memoryStore({ clock });
  const start = () => {
    const own = withFaults(store, clock);
    return { ...createTickets({ store: own, clock }), store: own };
  };
  try {
    await test({ clock, store, start });
  } finally {
    store.close();
  }
}

async function refuse(tickets: Tickets, shown: Secret): Promise<void> {
  const error = await assertRejects(() => tickets.redeem(shown), GatehouseError);
  assertEquals(error.code, "invalid_ticket");
}

Deno.test("redeem() gives back who it was issued to, for its session alone, with limits and models as they were", () =>
  withStore(async ({ start }) => {
    const ticket = await start().issue(WHO, "01SESSION");
    assertMatch(ticket.reveal(), /^ght_[\w-]{43}$/);
    assertEquals(await start().redeem(ticket), { ...WHO, via: "ticket", ticketFor: "01SESSION" });
  }));

Deno.test("redeem() spends a ticket: of many processes at once exactly one has it", () =>
  withStore(async ({ start, store }) => {
    const ticket = await start().issue(WHO, "01SESSION");
    const endings = await Promise.allSettled(Array.from({ length: 8 }, () => start().redeem(ticket)));
    assertEquals(endings.filter(({ status }) => status === "fulfilled").length, 1);
    for (const ending of endings) {
      if (ending.status === "rejected") assertEquals(ending.reason.code, "invalid_ticket");
    }
    await refuse(start(), ticket);
    assertEquals(await Array.fromAsync(store.list([])), []);
  }));

Deno.test("redeem() refuses a ticket after 30 seconds, though the store has not cleared it away", () =>
  withStore(async ({ clock, start, store }) => {
    const tickets = start();
    assertEquals(tickets.expiresIn, 30);
    const [one, two] = [await tickets.issue(WHO, "s"), await tickets.issue(WHO, "s")];
    clock.jump(29_999);
    await tickets.redeem(one);
    clock.jump(1);
    await refuse(tickets, two);
    assertEquals((await Array.fromAsync(store.list([]))).length, 1);
  }));

Deno.test("redeem() refuses what is no ticket, without asking the store", () =>
  withStore(async ({ start }) => {
    const tickets = start();
    const text = (await tickets.issue(WHO, "s")).reveal();
    const others = [
      "",
      "ght_",
      text.slice(4),
      text.slice(0, -1),
      `${text}A`,
      `${text}=`,
      `${text}\n`,
      text.toUpperCase(),
    ];
    for (const other of [...others, "ght_".repeat(1_000_000)]) await refuse(tickets, new Secret(other));
    assertEquals(tickets.store.count("get"), 0);
    await refuse(tickets, new Secret(`ght_${"A".repeat(43)}`));
    await tickets.redeem(new Secret(text));
  }));

Deno.test("the store does not hold the ticket, so whoever reads it cannot use one", () =>
  withStore(async ({ start, store }) => {
    const ticket = await start().issue(WHO, "s");
    const [entry] = await Array.fromAsync(store.list([]));
    assert(entry !== undefined && !Deno.inspect(entry, { depth: 10 }).includes(ticket.reveal().slice(4)));
    await refuse(start(), new Secret(`ght_${String(entry.key.at(-1))}`));
  }));

Deno.test("redeem() whose answer was lost has spent the ticket; one that did not happen has not", () =>
  withStore(async ({ start }) => {
    const tickets = start();
    const [one, two] = [await tickets.issue(WHO, "s"), await tickets.issue(WHO, "s")];
    const fail = async (kind: "unavailable" | "answer_lost", ticket: Secret) => {
      tickets.store.fail({ kind }, { calls: ["commit"], times: 1 });
      const error = await assertRejects(() => tickets.redeem(ticket), GatehouseError);
      assertEquals(error.code, "storage_unavailable");
    };
    await fail("answer_lost", one);
    await refuse(tickets, one);
    await fail("unavailable", two);
    await tickets.redeem(two);
  }));
