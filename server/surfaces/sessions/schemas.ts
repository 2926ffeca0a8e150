import { z } from "zod";

/** The longest system prompt, in bytes of UTF-8. */
const MAX_PROMPT = 32 * 1024;

const systemPrompt = z.string().refine((text) => new TextEncoder().encode(text).length <= MAX_PROMPT, {
  error: `expected at most ${MAX_PROMPT} bytes`,
});

/** `POST /set-llm`: what is absent stays, null follows the default. */
export const llmSettings = z.strictObject({
  session_id: z.string().nullish(),
  model_name: z.string().min(1).max(200).nullable().exactOptional(),
  temperature: z.number().min(0).max(2).nullable().exactOptional(),
  max_tokens: z.int().min(1).nullable().exactOptional(),
  top_p: z.number().min(0).max(1).nullable().exactOptional(),
  system_prompt: systemPrompt.nullable().exactOptional(),
});

/** `POST /set-llm` as it was read. */
export type LlmSettings = z.infer<typeof llmSettings>;

/** `POST /chat`. */
export const newMessage = z.strictObject({
  session_id: z.string(),
  message: z.string().regex(/\S/, { error: "expected text that is not blank" }),
});

/** `POST /create_session`; what tools must be, their own reader says. */
export const newSession = z.strictObject({ tools: z.unknown().optional() });

/** `POST /ws-ticket`. */
export const ticketWish = z.strictObject({ session_id: z.string() });
