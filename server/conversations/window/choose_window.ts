import { groupsBackwards, type Sent, systemMessage, toChatMessages } from "./chat_messages.ts";
import { loadOf, PRIMING, toolsLoad } from "./load.ts";
import { createMeter, type MeterOptions } from "./meter.ts";
import type { Window, WindowWish } from "./window.ts";

/**
 * Chooses what of a conversation goes upstream: the system prompt, the newest turn, and of the turns before it as many as
 * fit into `contextTokens - reserve`, the newest ones. A turn is a user's message with all up to the next one, and goes
 * whole or not at all. What of it may go, and how, says {@linkcode toChatMessages}.
 *
 * The system prompt, the tools and the newest turn go in any case: if they alone are too much, the upstream judges. The
 * newest turn is sent as it is, where it begins with a user's message and each of its calls has been answered.
 *
 * `historyFrom` names the first message that is in, wherever an older one that says something is not. What stands
 * before the first message of a user is never in.
 *
 * How tokens are counted: 4 for each message, 3 for the request, 8 for each call, 1,500 for an image or other binary part,
 * and all texts (contents, ids, names, arguments, the tools as JSON) by `createMeter()`.
 *
 * @throws what reading `before` throws
 * @throws the reason of `options.signal`
 */
export async function chooseWindow(wish: WindowWish, options: MeterOptions = {}): Promise<Window> {
  const system = wish.systemPrompt === null || wish.systemPrompt === "" ? [] : [systemMessage(wish.systemPrompt)];
  const newest = toChatMessages(wish.newest);
  const meter = createMeter(wish.model, wish.contextTokens - wish.reserve, options);
  for (const load of [PRIMING, toolsLoad(wish.tools), ...system.map(loadOf)]) meter.add(load);
  for (const { message } of newest) meter.add(loadOf(message));

  // Both last first.
  const kept: Sent[] = [];
  let turn: Sent[] = [];
  for await (const { sent, isTurnStart } of groupsBackwards(wish.before)) {
    options.signal?.throwIfAborted();
    if (sent.length === 0) continue;
    turn.push(...sent.toReversed());
    for (const { message } of sent) meter.add(loadOf(message));
    if (!(await meter.fits())) break;
    if (!isTurnStart) continue;
    kept.push(...turn);
    turn = [];
  }
  const sent = [...kept.reverse(), ...newest];
  return {
    messages: [...system, ...sent.map(({ message }) => message)],
    historyFrom: turn.length > 0 ? sent[0]?.id ?? null : null,
  };
}
