import { assertEquals } from "@std/assert";
import { GatehouseError } from "./gatehouse_error.ts";

Deno.test("a GatehouseError holds no frames of a stack, and leaves the stacks of others alone", () => {
  const { stackTraceLimit } = Error;
  const error = new GatehouseError("not_found", "Cannot find this: it is not there");
  assertEquals(error.stack, "GatehouseError: Cannot find this: it is not there");
  assertEquals(Error.stackTraceLimit, stackTraceLimit);
});
