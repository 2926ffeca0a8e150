import type { Bill } from "../../usage/mod.ts";

/** What all rounds took together: estimated if any is, without a cost if any has none. Null: none was let through. */
export function sumBills(bills: readonly Bill[]): Bill | null {
  const [first, ...rest] = bills;
  return first === undefined ? null : rest.reduce(sum, first);
}

function sum(a: Bill, b: Bill): Bill {
  return {
    usage: {
      prompt_tokens: a.usage.prompt_tokens + b.usage.prompt_tokens,
      completion_tokens: a.usage.completion_tokens + b.usage.completion_tokens,
      total_tokens: a.usage.total_tokens + b.usage.total_tokens,
      estimated: a.usage.estimated || b.usage.estimated,
    },
    // One price list has one currency.
    cost: a.cost === null || b.cost === null ? null : { ...a.cost, micros: a.cost.micros + b.cost.micros },
  };
}
