import { assertEquals, assertRejects } from "@std/assert";
import type { Message } from "../message.ts";
import { chooseWindow } from "./choose_window.ts";
import { backwards, calling, message, PAIRS, result } from "./messages_fixture.ts";
import type { WindowWish } from "./window.ts";

const NEWEST = [message("n0", "user", "Go on")];

/** Chooses with a tokenizer of two characters to the token. @param limit in tokens */
async function choose(limit: number, history: readonly Message[], more: Partial<WindowWish> = {}) {
  const { state, messages } = backwards(history);
  const window = await chooseWindow({
    model: "gpt-4o",
    contextTokens: limit + 7,
    reserve: 7,
    systemPrompt: null,
    tools: [],
    before: messages,
    newest: NEWEST,
    ...more,
  }, { load: () => Promise.resolve(PAIRS) });
  return { ...window, state, texts: window.messages.map(({ content }) => content) };
}

/** 3 for the request, 4 + 3 for the newest message. */
const LEAST = 10;

const user = (id: string, length = 20) => message(id, "user", id.padEnd(length, "."));
const reply = (id: string, length = 20) => message(id, "assistant", id.padEnd(length, "."));

Deno.test("chooseWindow() sends everything, system prompt first, where it fits", async () => {
  const { messages, historyFrom } = await choose(1000, [user("a"), reply("b")], { systemPrompt: "Be brief." });
  assertEquals(messages, [
    { role: "system", content: "Be brief." },
    { role: "user", content: "a..................." },
    { role: "assistant", content: "b..................." },
    { role: "user", content: "Go on" },
  ]);
  assertEquals(historyFrom, null);
});

Deno.test("chooseWindow() cuts the oldest turns whole, and reads no further than it must", async () => {
  const history = [user("a"), reply("b"), user("c"), reply("d"), user("e"), reply("f")];
  const { texts, historyFrom, state } = await choose(LEAST + 4 * 14, history);
  assertEquals(texts, [
    "c...................",
    "d...................",
    "e...................",
    "f...................",
    "Go on",
  ]);
  assertEquals(historyFrom, "c");
  assertEquals(state, { read: 5, isClosed: true });

  const less = await choose(LEAST + 4 * 14 - 1, history);
  assertEquals(less.texts.length, 3);
  assertEquals(less.historyFrom, "e");
});

Deno.test("chooseWindow() sends the newest turn alone where nothing else fits, and says so", async () => {
  const { texts, historyFrom, state } = await choose(5, [user("a"), reply("b"), message("c", "assistant", "")]);
  assertEquals(texts, ["Go on"]);
  assertEquals(historyFrom, "n0");
  assertEquals(state.read, 2);
});

Deno.test("chooseWindow() calls it no cut where nothing was there to be cut", async () => {
  assertEquals((await choose(5, [])).historyFrom, null);
  assertEquals((await choose(5, [result("a", "c1"), message("b", "assistant", "")])).historyFrom, null);
});

Deno.test("chooseWindow() counts the tools and the system prompt", async () => {
  const history = [user("a")];
  assertEquals((await choose(LEAST + 14, history)).historyFrom, null);
  assertEquals((await choose(LEAST + 14, history, { tools: [{ name: "look" }] })).historyFrom, "n0");
  assertEquals((await choose(LEAST + 14, history, { systemPrompt: "x" })).historyFrom, "n0");
});

Deno.test("chooseWindow() keeps the rounds of the newest turn", async () => {
  const newest = [...NEWEST, calling("n1", "", "c1", "c2"), result("n2", "c2"), result("n3", "c1")];
  const { messages } = await choose(0, [user("a")], { newest });
  assertEquals(messages.map(({ role, tool_call_id: id }) => id ?? role), ["user", "assistant", "c2", "c1"]);
});

Deno.test("chooseWindow() cuts a turn with its calls and results", async () => {
  const history = [user("a"), calling("b", "", "c1"), result("c", "c1"), reply("d"), user("e")];
  const { texts, historyFrom } = await choose(LEAST + 14 + 25, history);
  assertEquals(texts, ["e...................", "Go on"]);
  assertEquals(historyFrom, "e");
});

Deno.test("chooseWindow() begins the history with a user's message", async () => {
  const { texts, historyFrom } = await choose(1000, [reply("a"), user("b"), reply("c")]);
  assertEquals(texts.length, 3);
  assertEquals(historyFrom, "b");
});

Deno.test("chooseWindow() throws what reading throws", async () => {
  async function* broken(): AsyncGenerator<Message> {
    yield await Promise.resolve(user("a"));
    throw new RangeError("the store is away");
  }
  await assertRejects(() => choose(1000, [], { before: broken() }), RangeError, "away");
});

Deno.test("chooseWindow() reads no further once its signal is aborted", async () => {
  const leaving = new AbortController();
  const reason = new Error("The client left");
  const { state, messages } = backwards([user("a"), user("b"), user("c")]);
  async function* before() {
    for await (const message of messages) {
      if (message.id === "b") leaving.abort(reason);
      yield message;
    }
  }
  const wish = { model: "m", contextTokens: 1000, reserve: 0, systemPrompt: null, tools: [], newest: NEWEST };
  const chosen = chooseWindow({ ...wish, before: before() }, { signal: leaving.signal });
  assertEquals(await chosen.catch((error) => error), reason);
  assertEquals(state.read, 2);
});
