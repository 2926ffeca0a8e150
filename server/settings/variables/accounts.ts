import { minutes } from "../types/number_types.ts";
import { line, longSecret, password } from "../types/text_types.ts";
import type { Variable } from "./variable.ts";

export const ACCOUNT_VARIABLES = {
  JWT_SECRET: { type: longSecret, unset: "a key is made and kept", help: "Signs the tokens of users." },
  SECRET_KEY: { type: longSecret, help: "Another name for JWT_SECRET, which beats it." },
  ACCESS_TOKEN_EXPIRE_MINUTES: {
    type: minutes,
    default: "30",
    help: "Minutes that a user's access token is good for.",
  },
  ADMIN_USERNAME: { type: line, help: "First administrator; read once, with ADMIN_PASSWORD." },
  ADMIN_PASSWORD: { type: password, help: "Password of the first administrator." },
} as const satisfies Record<string, Variable<unknown>>;
