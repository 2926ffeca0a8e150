import { z } from "zod";

const fields = z.looseObject({});

type Fields = Readonly<Record<string, unknown>>;

/**
 * A list of objects. Looked through by hand, up to the first fault: a body has room for ten million items, and a list of
 * all that is wrong with them would end the process.
 */
function objects(least: number): z.ZodType<readonly Fields[]> {
  return z.custom<readonly Fields[]>().superRefine((value: unknown, context) => {
    if (!Array.isArray(value)) return context.addIssue({ code: "custom", message: "expected array" });
    if (value.length < least) return context.addIssue({ code: "custom", message: `expected at least ${least}` });
    const wrong = value.findIndex((item) => typeof item !== "object" || item === null || Array.isArray(item));
    if (wrong !== -1) context.addIssue({ code: "custom", path: [wrong], message: "expected object" });
  });
}

/** The body of a chat request; null counts as absent. What the fields of messages and tools must be, the upstream says. */
export const chatSchema = z.strictObject({
  messages: objects(1),
  model: z.string().nullish(),
  temperature: z.number().nullish(),
  max_tokens: z.int().min(1).nullish(),
  tools: objects(0).nullish(),
  tool_choice: z.union([z.string(), fields]).nullish(),
  /** In seconds. */
  timeout: z.number().gt(0).nullish(),
});

/** A chat request as it was read. */
export type GatewayChat = z.infer<typeof chatSchema>;
