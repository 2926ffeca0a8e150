import { flag } from "../types/text_types.ts";
import type { Variable } from "./variable.ts";

export const DEMO_VARIABLES = {
  DEMO: {
    type: flag,
    unset: "on only if nothing about a model is set, on loopback",
    help: "1 forces the built-in demo model, 0 forbids it.",
  },
} as const satisfies Record<string, Variable<unknown>>;
