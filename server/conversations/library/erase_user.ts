import type { Eraser as UserEraser } from "../../accounts/mod.ts";
import { Eraser, type EraserOptions } from "./eraser.ts";

/** Deletes all conversations of a user, as accounts ask for it: needs the store alone, and no process that takes part. */
export function eraserOf(options: EraserOptions): UserEraser {
  return (userId) => new Eraser(options).allOf(userId);
}
