import { z } from "zod";
import { isId } from "../../http/mod.ts";
import { content, metadata } from "./content_fields.ts";

/** The most that is kept, in bytes. */
const MAX_SYSTEM_PROMPT = 32 * 1024;

const bytesOf = (text: string) => new TextEncoder().encode(text).length;

const model = z.string().min(1).max(200);
const temperature = z.number().min(0).max(2);
const systemPrompt = z.string().refine(
  (text) => bytesOf(text) <= MAX_SYSTEM_PROMPT,
  `expected at most ${MAX_SYSTEM_PROMPT} bytes of UTF-8`,
);

const name = z.string().trim().min(1).max(200).regex(/^\P{Cc}*$/u, "expected no control characters");

/** `POST /conversation`; null counts as absent. */
export const turnSchema = z.strictObject({
  message: content,
  session_id: z.string().nullish(),
  model: model.nullish(),
  temperature: temperature.nullish(),
  system_prompt: systemPrompt.nullish(),
  stream: z.boolean().nullish(),
  replace_from: z.string().refine(isId, "expected the id of a message").nullish(),
  metadata: metadata.nullish(),
}).refine(
  ({ session_id, replace_from }) => !isGiven(replace_from) || isGiven(session_id),
  { path: ["replace_from"], message: "expected a `session_id` beside it" },
);

function isGiven<T>(value: T | null | undefined): value is T {
  return value !== null && value !== undefined;
}

/** What a turn is asked for with, as it was read. */
export type TurnBody = z.infer<typeof turnSchema>;

/** `POST /conversation/session`. */
export const newSession = z.strictObject({ name: name.nullish() });

/** `PATCH /conversation/session/{id}`; null sets back to the default. */
export const sessionChange = z.strictObject({
  name: name.nullable().exactOptional(),
  settings: z.strictObject({
    model: model.nullable().exactOptional(),
    temperature: temperature.nullable().exactOptional(),
    max_tokens: z.int().min(1).nullable().exactOptional(),
    top_p: z.number().min(0).max(1).nullable().exactOptional(),
    system_prompt: systemPrompt.nullable().exactOptional(),
  }).exactOptional(),
});
