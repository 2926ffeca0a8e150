import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import type { Message } from "../message.ts";
import { assistantMessage, toolMessage, userMessage } from "./chat_messages.ts";
import { chooseWindow } from "./choose_window.ts";
import { estimateTokens } from "./estimate.ts";
import { join, loadOf, PRIMING, toolsLoad } from "./load.ts";
import { anyHistory, anyNewest, backwards, countLoad, PAIRS } from "./messages_fixture.ts";
import type { Tokenizer } from "./tokenizer.ts";
import type { ChatMessage, Window } from "./window.ts";

const TOOLS = [{ name: "look", parameters: { type: "object" } }];
const ESTIMATOR: Tokenizer = { count: estimateTokens, forget: () => {} };

const anyWish = fc.record({
  history: anyHistory,
  newest: anyNewest,
  limit: fc.integer({ min: 0, max: 500 }),
  systemPrompt: fc.option(fc.constantFrom("Be brief.", "x".repeat(200))),
  tools: fc.constantFrom([], TOOLS),
  model: fc.constantFrom("gpt-4o", "mistral-small"),
});
type Wish = typeof anyWish extends fc.Arbitrary<infer T> ? T : never;

/** A wish, and what came of it. */
interface Judged {
  readonly wish: Wish;
  readonly window: Window;
  readonly history: readonly ChatMessage[];
  readonly newest: readonly ChatMessage[];
  readonly tokens: (messages: readonly ChatMessage[]) => number;
}

function property(name: string, judge: (judged: Judged) => void): void {
  Deno.test(`chooseWindow() ${name}`, () =>
    fc.assert(
      fc.asyncProperty(anyWish, async (wish) => {
        const window = await chooseWindow({
          ...wish,
          contextTokens: wish.limit + 10,
          reserve: 10,
          before: backwards(wish.history).messages,
        }, { load: () => Promise.resolve(PAIRS) });
        const newest = wish.newest.map(plain);
        const heads = wish.systemPrompt === null ? 0 : 1;
        judge({
          wish,
          window,
          newest,
          history: window.messages.slice(heads, window.messages.length - newest.length),
          tokens: (messages) =>
            countLoad(
              join([PRIMING, toolsLoad(wish.tools), ...messages.map(loadOf)]),
              wish.model === "gpt-4o" ? PAIRS : ESTIMATOR,
            ),
        });
      }),
      { numRuns: 200 },
    ));
}

property("never goes over the limit, unless what must be in does alone", ({ wish, window, history, tokens }) => {
  if (history.length > 0) assert(tokens(window.messages) <= wish.limit);
});

property("has the system prompt first and the newest turn last, unchanged", ({ wish, window, newest }) => {
  assertEquals(window.messages.slice(-newest.length), newest);
  if (wish.systemPrompt !== null) assertEquals(window.messages[0], { role: "system", content: wish.systemPrompt });
});

property("never parts a call from its result", ({ window }) => {
  let open: string[] = [];
  for (const { role, tool_calls: calls, tool_call_id: id } of window.messages) {
    if (role === "tool") {
      const at = open.indexOf(String(id));
      assert(at !== -1, "a result whose call is not there");
      open.splice(at, 1);
      continue;
    }
    assertEquals(open, [], "a call that has no result");
    open = Array.isArray(calls) ? calls.map((call) => call.id) : [];
  }
  assertEquals(open, []);
});

property("keeps the newest whole turns, as many as fit, and says where they begin", (judged) => {
  const { wish, window, history, newest, tokens } = judged;
  const head = window.messages.slice(0, window.messages.length - newest.length - history.length);
  const { headless, turns } = turnsOf(wish.history);
  let kept = 0;
  const suffix = (count: number) => turns.slice(turns.length - count).flat();
  const withTurns = (count: number) => [...head, ...suffix(count).map(({ message }) => message), ...newest];
  while (kept < turns.length && tokens(withTurns(kept + 1)) <= wish.limit) kept++;
  assertEquals(history, suffix(kept).map(({ message }) => message));
  const isCut = kept < turns.length || headless > 0;
  assertEquals(window.historyFrom, isCut ? suffix(kept)[0]?.id ?? "n0" : null);
});

property("sends no reply that says nothing", ({ history }) => {
  for (const { role, content, tool_calls: calls } of history) {
    if (role === "assistant" && calls === undefined) assert(content !== "" && content !== null);
  }
});

/** The rules again, from the first message to the last: what each turn sends, and how much stands before the first one. */
function turnsOf(messages: readonly Message[]) {
  const turns: { id: string; message: ChatMessage }[][] = [];
  let headless = 0;
  const send = (id: string, message: ChatMessage) => {
    const turn = turns.at(-1);
    if (turn === undefined) headless++;
    else turn.push({ id, message });
  };
  messages.forEach((each, at) => {
    if (each.role === "user") turns.push([]);
    if (each.role === "user") send(each.id, plain(each));
    if (each.role !== "assistant") return;
    const rest = messages.slice(at + 1);
    const end = rest.findIndex(({ role }) => role !== "tool");
    const results = end === -1 ? rest : rest.slice(0, end);
    const wanted = new Map<string, number>();
    for (const { id } of each.toolCalls) wanted.set(id, (wanted.get(id) ?? 0) + 1);
    const taken = results.filter(({ toolCallId }) => {
      const left = wanted.get(toolCallId ?? "") ?? 0;
      if (left > 0) wanted.set(toolCallId ?? "", left - 1);
      return left > 0;
    });
    if (taken.length === each.toolCalls.length && taken.length > 0) {
      send(each.id, plain(each));
      taken.forEach((result) => send(result.id, plain(result)));
    } else if (textOf(each.content).trim() !== "") {
      send(each.id, plain({ ...each, toolCalls: [] }));
    }
  });
  return { headless, turns };
}

function textOf(content: Message["content"]): string {
  return typeof content === "string" ? content : content.map((part) => part.text ?? part.type).join("");
}

function plain({ role, content, toolCalls, toolCallId }: Message): ChatMessage {
  switch (role) {
    case "user":
      return userMessage(content);
    case "assistant":
      return assistantMessage(content, toolCalls);
    case "tool":
      return toolMessage(toolCallId ?? "", content);
  }
}
