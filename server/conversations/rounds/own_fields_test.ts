import { assertEquals, assertThrows } from "@std/assert";
import { GatehouseError } from "../../errors/mod.ts";
import { demandFree } from "./own_fields.ts";

Deno.test("demandFree() refuses what a task writes itself, in every spelling that decoders fold", () => {
  for (const param of ["messages", "Model", "STREAM", "ſtream", "meſſages", "MEſſAGES", "ſtream_optionſ", "toolſ"]) {
    const error = assertThrows(() => demandFree({ seed: 1, [param]: 1 }), GatehouseError);
    assertEquals([error.code, error.param], ["invalid_field", param]);
  }
  demandFree({ seed: 1, max_tokenſ: 1, ſeed: 2, tool_choice: "auto", streams: true });
});
