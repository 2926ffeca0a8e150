/**
 * Conversations: stored sessions and messages, the history window, the turn, tool rounds. Knows no requests or answers
 * of ours.
 * @module
 */
export type { Conversations } from "./conversations.ts";
export type { Content, ContentPart, Message, MessageStatus, Said, ToolResult } from "./message.ts";
export type { Presence } from "./presence.ts";
export {
  type ModelSettings,
  type NewSession,
  NO_SETTINGS,
  type Protocol,
  type Session,
  type SessionChange,
  type ToolDefinition,
} from "./session.ts";
export { eraserOf } from "./library/erase_user.ts";
export type { EraserOptions } from "./library/eraser.ts";
export type { Base, Draft, Library, Opened, OpenTurn, RunningTurn, TurnStart } from "./library/library.ts";
export { type ConversationsOptions, openConversations } from "./open_conversations.ts";
export { demandFree, OWN_FIELDS } from "./rounds/own_fields.ts";
export { RefusedError } from "./rounds/refused_error.ts";
export type { Outcome, Script, Task } from "./rounds/rounds.ts";
export type { StatelessRequest, StatelessTasks } from "./rounds/stateless.ts";
export { storedNumbers } from "./turns/stored_numbers.ts";
export { createToolDesk } from "./tools/create_tool_desk.ts";
export { parseArguments } from "./tools/parse_arguments.ts";
export { readTools } from "./tools/read_tools.ts";
export type { GivenResult, ToolDesk } from "./tools/tool_desk.ts";
export type { Joined, Turn, TurnEnd, TurnEvent, TurnRequest, Turns } from "./turns/turns.ts";
export type { ChatMessage, Window, WindowWish } from "./window/window.ts";
