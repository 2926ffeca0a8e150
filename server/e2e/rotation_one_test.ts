import { serveWhileRotating } from "./rotation_load.ts";

Deno.test("one process serves through rotations without a reuse or a failure", () => serveWhileRotating(1));
