import { minutes } from "../types/number_types.ts";
import { line, longSecret, password } from "../types/text_types.ts";
import type { Variable } from "./variable.ts";

export const ACCOUNT_VARIABLES = {
  JWT_SECRET: {
    type: longSecret,
    unset: "a key is made and kept",
    help: "Signs the tokens of users; a change ends all logins.",
  },
  SECRET_KEY: { type: longSecret, help: "Another name for JWT_SECRET, which beats it." },
  ACCESS_TOKEN_EXPIRE_MINUTES: {
    type: minutes,
    default: "30",
    help: "Minutes that a user's access token is good for.",
  },
  ADMIN_USERNAME: { type: line, help: "First administrator: made once by a start, with ADMIN_PASSWORD." },
  ADMIN_PASSWORD: {
    type: password,
    help: "The first administrator's password, 8 to 256 characters; not needed any more once that one is made.",
  },
} as const satisfies Record<string, Variable<unknown>>;
