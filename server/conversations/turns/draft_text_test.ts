import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { DraftText } from "./draft_text.ts";

Deno.test("drafts laid out by their index are what was said, however often keeping them fails", () => {
  const step = fc.oneof(fc.string({ maxLength: 3 }), fc.constantFrom(true, false));
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const draft = new DraftText();
      const stored: string[] = [];
      let said = "";
      for (const step of steps) {
        if (typeof step === "string") {
          draft.add(step);
          said += step;
          continue;
        }
        const next = draft.next();
        if (next === null) continue;
        stored[next.index] = next.text;
        // Said while the store is at work; and a failure may have stored it all the same.
        draft.add("!");
        said += "!";
        if (step) draft.kept(next);
      }
      const rest = draft.next();
      if (rest !== null) stored[rest.index] = rest.text;
      assertEquals(stored.join(""), said);
      assertEquals(draft.next(), rest);
    }),
    { numRuns: 200 },
  );
});
