/**
 * The conversation dialect: stored sessions, their history and export, and replies that stream, stop and resume.
 * @module
 */
export type { ConversationOptions } from "./options.ts";
export { conversationRoutes } from "./routes.ts";
