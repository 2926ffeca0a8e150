import type { ContentPart, Message, Session } from "../../../conversations/mod.ts";
import { fenced, withFenceClosed } from "./fence.ts";

const WHO = { user: "User", assistant: "Assistant", tool: "Tool" } as const;

/** A conversation as a Markdown document (CommonMark), for people to read. */
export async function* markdownPieces(
  session: Session,
  messages: AsyncIterable<Message>,
): AsyncGenerator<string, void, undefined> {
  const model = session.settings.model ?? session.lastModel;
  yield `# ${oneLine(session.name ?? "Conversation")}\n\n`;
  yield `${timeOf(session.createdAt)}${model === null ? "" : ` · ${oneLine(model)}`}\n`;
  for await (const message of messages) yield markdownOf(message);
}

function markdownOf(message: Message): string {
  const { role, status, createdAt, toolCalls } = message;
  const ending = status === "complete" ? "" : ` · ${status}`;
  const blocks = [
    `## ${WHO[role]} · ${timeOf(createdAt)}${ending}`,
    ...contentBlocks(message),
    ...toolCalls.flatMap((
      call,
    ) => [`Calls ${oneLine(call.name)} (${oneLine(call.id)}):`, fenced(call.arguments, "json")]),
  ];
  return blocks.map((block) => `\n${block}\n`).join("");
}

function contentBlocks({ role, content, toolCallId }: Message): string[] {
  if (role === "tool") {
    const text = typeof content === "string" ? content : JSON.stringify(content);
    return [`Result of ${oneLine(toolCallId ?? "a call")}:`, fenced(text, "text")];
  }
  const parts: readonly ContentPart[] = typeof content === "string" ? [{ type: "text", text: content }] : content;
  return parts.map(partBlock).filter((block) => block !== "");
}

function partBlock({ type, text, image_url }: ContentPart): string {
  if (type === "text" && typeof text === "string") return withFenceClosed(text);
  const url = type === "image_url" && isObject(image_url) && "url" in image_url ? image_url.url : null;
  if (typeof url !== "string") return `(${oneLine(type)}, not included)`;
  if (!/^data:/i.test(url)) return `[Image](<${url.replace(/[<>\\\s]/gu, encodeURIComponent)}>)`;
  return `(Image, ${/^data:([\w.+-]+\/[\w.+-]+)/i.exec(url)?.[1] ?? "of unknown type"}, not included)`;
}

/** What stands in a line of ours must not end it. */
function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, " ").trim();
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
