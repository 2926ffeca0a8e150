import { z } from "zod";
import type { Content } from "../../conversations/mod.ts";

/** The longest name of a kind of part, in UTF-16 units. */
const MAX_TYPE = 100;

/** The most metadata that is kept, in bytes of JSON. */
const MAX_METADATA = 8 * 1024;

/** What is wrong, and where in the value. */
interface Fault {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/**
 * What a user says. Looked through by hand, up to the first fault: a body has room for ten million parts, and a list of
 * all that is wrong with them would end the process.
 */
export const content: z.ZodType<Content> = z.custom<Content>().superRefine((value: unknown, context) => {
  const fault = contentFault(value);
  if (fault !== null) context.addIssue({ code: "custom", path: [...fault.path], message: fault.message });
});

/** The client's own. By hand too: keys are as cheap to send as parts. */
export const metadata: z.ZodType<Readonly<Record<string, unknown>>> = z.custom<Readonly<Record<string, unknown>>>()
  .superRefine((value: unknown, context) => {
    if (!isObject(value)) context.addIssue({ code: "custom", message: "expected object" });
    else if (new TextEncoder().encode(JSON.stringify(value)).length > MAX_METADATA) {
      context.addIssue({ code: "custom", message: `expected at most ${MAX_METADATA} bytes of JSON` });
    }
  });

function contentFault(value: unknown): Fault | null {
  if (typeof value === "string" && value !== "") return null;
  if (!Array.isArray(value) || value.length === 0) {
    return { path: [], message: "expected text, or an array of content parts, and not an empty one" };
  }
  for (const [index, part] of value.entries()) {
    const fault = partFault(part);
    if (fault !== null) return { path: [index, ...fault.path], message: fault.message };
  }
  return null;
}

/** What is read of the parts that every model knows; what the others hold, the upstream says. */
function partFault(part: unknown): Fault | null {
  if (!isObject(part)) return { path: [], message: "expected object" };
  const { type, text, image_url: image } = part;
  if (typeof type !== "string" || type === "" || type.length > MAX_TYPE) {
    return { path: ["type"], message: `expected string of 1 to ${MAX_TYPE} characters` };
  }
  if (type === "text" && typeof text !== "string") return { path: ["text"], message: "expected string" };
  const isImage = type !== "image_url" || (isObject(image) && typeof image.url === "string");
  return isImage ? null : { path: ["image_url", "url"], message: "expected string" };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
