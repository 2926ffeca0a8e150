// `aimock`, a mock of OpenAI that nobody here wrote, with a part to play, in a process of its own. It lets in only the
// key of MOCK_KEY.
import { type ChatCompletionRequest, type ChatMessage, LLMock } from "@copilotkit/aimock";
import { serveUntilOrphaned } from "./child.ts";
import { CONTROL, PROMPTS } from "./realtime_model.ts";

/** Of the long story a piece comes every 100 ms. */
const STORY = "Once upon a time there was a gate. ".repeat(200);

const released = Promise.withResolvers<void>();
let waiting = 0;

async function answer({ messages }: ChatCompletionRequest) {
  const asked = messages.findLastIndex(({ role }) => role === "user");
  const prompt = textOf(messages[asked]);
  const results = messages.slice(asked).filter(({ role }) => role === "tool").map(textOf);
  if (prompt.startsWith(PROMPTS.wait)) {
    waiting++;
    await released.promise;
    return { content: `I have waited: ${prompt}` };
  }
  switch (prompt) {
    case CONTROL.waiting:
      return { content: String(waiting) };
    case CONTROL.release:
      released.resolve();
      return { content: "Done." };
    case PROMPTS.hello:
      return { content: "Hello from a model that is not one." };
    case PROMPTS.weather:
      return results.length === 0 ? { toolCalls: [weatherIn("Paris")] } : { content: `Result: ${results.join("; ")}` };
    case PROMPTS.trip:
      if (results.length === 0) return { content: "Let me look. ", toolCalls: [weatherIn("Paris"), weatherIn("Bern")] };
      if (results.length === 2) {
        return { toolCalls: [{ id: "call_pack", name: "pack", arguments: JSON.stringify({ seen: results }) }] };
      }
      return { content: `Results: ${results.join("; ")}` };
    default:
      return { content: `You have said: ${messages.filter(({ role }) => role === "user").map(textOf).join(" | ")}` };
  }
}

function weatherIn(city: string): { readonly id: string; readonly name: string; readonly arguments: string } {
  return { id: `call_${city}`, name: "get_weather", arguments: JSON.stringify({ city }) };
}

function textOf(message: ChatMessage | undefined): string {
  const content = message?.content ?? "";
  return typeof content === "string" ? content : content.map(({ text = "" }) => text).join("");
}

const mock = new LLMock({ port: 0, logLevel: "silent", auth: { apiKeys: [Deno.env.get("MOCK_KEY") ?? ""] } });
mock.onMessage(PROMPTS.long, { content: STORY }, { latency: 100 });
mock.on({ predicate: () => true }, answer);
await mock.start();
await serveUntilOrphaned(mock.url);
