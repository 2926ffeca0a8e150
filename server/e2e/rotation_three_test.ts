import { serveWhileRotating } from "./rotation_load.ts";

Deno.test("three processes on one folder serve through rotations without a reuse or a failure", () =>
  serveWhileRotating(3));
