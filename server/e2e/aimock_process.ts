// A mock of OpenAI that nobody here wrote, in a process of its own. It lets in only the key of MOCK_KEY.
import { LLMock } from "@copilotkit/aimock";
import { serveUntilOrphaned } from "./child.ts";

const mock = new LLMock({ port: 0, logLevel: "silent", auth: { apiKeys: [Deno.env.get("MOCK_KEY") ?? ""] } });
mock.on({ predicate: ({ messages }) => messages.at(-1)?.role === "tool" }, { content: "It is sunny in Paris." });
mock.onMessage("What is the weather in Paris?", {
  toolCalls: [{ name: "get_weather", arguments: JSON.stringify({ city: "Paris" }) }],
});
mock.onMessage("Say hello.", { content: "Hello from a model that is not one." });
await mock.start();
await serveUntilOrphaned(mock.url);
