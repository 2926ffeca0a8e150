import { z } from "zod";

const fields = z.looseObject({});

/** The body of a chat request; null counts as absent. What the fields of messages and tools must be, the upstream says. */
export const chatSchema = z.strictObject({
  messages: z.array(fields).min(1),
  model: z.string().nullish(),
  temperature: z.number().nullish(),
  max_tokens: z.int().min(1).nullish(),
  tools: z.array(fields).nullish(),
  tool_choice: z.union([z.string(), fields]).nullish(),
  /** In seconds. */
  timeout: z.number().gt(0).nullish(),
});

/** A chat request as it was read. */
export type GatewayChat = z.infer<typeof chatSchema>;
