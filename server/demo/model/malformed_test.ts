import { assert } from "@std/assert";
import fc from "fast-check";
import { withModel } from "./model_fixture.ts";

const mostly = <T>(usual: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 9, arbitrary: usual }, { weight: 1, arbitrary: fc.jsonValue() });
const role = fc.constantFrom("system", "developer", "user", "assistant", "user", "function");
const message = fc.record({ role, content: mostly(fc.string()) });
const tool = fc.record({
  name: fc.constantFrom("look", "find_it"),
  parameters: mostly(fc.dictionary(fc.string(), fc.jsonValue())),
})
  .map((described) => ({ type: "function", function: described }));
const format = fc.record({ type: fc.constantFrom("text", "json_object", "json_schema"), json_schema: fc.jsonValue() });
const body = fc.record({
  messages: mostly(fc.array(mostly(message), { minLength: 1, maxLength: 3 })),
  tools: mostly(fc.array(tool, { minLength: 1, maxLength: 2 })),
  tool_choice: mostly(fc.constantFrom("auto", "required", "none", null)),
  response_format: mostly(format),
  stop: mostly(fc.string()),
  max_tokens: mostly(fc.integer({ min: 1, max: 100 })),
  n: mostly(fc.integer({ min: 1, max: 8 })),
  stream: mostly(fc.boolean()),
  stream_options: mostly(fc.constant({ include_usage: true })),
}, { requiredKeys: ["messages"] });

Deno.test("the demo model answers or refuses, whatever is sent", () =>
  withModel(async ({ chat }) => {
    const statuses = new Set<number>();
    await fc.assert(
      fc.asyncProperty(body, async (sent) => {
        const response = await chat(sent);
        await response.text();
        statuses.add(response.status);
        return response.status === 200 || response.status === 400;
      }),
      { numRuns: 400 },
    );
    assert(statuses.has(200) && statuses.has(400), "both were seen");
  }));
