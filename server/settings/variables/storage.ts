import { key256, path, token } from "../types/text_types.ts";
import { httpUrl } from "../types/url_types.ts";
import type { Variable } from "./variable.ts";

export const STORAGE_VARIABLES = {
  DATA_DIR: {
    type: path,
    unset: "gatehouse in the platform's state folder (~/.local/state on Linux)",
    help: "Folder of the store and its lock.",
  },
  DENO_KV_URL: {
    type: httpUrl,
    unset: "a SQLite file in DATA_DIR",
    help: "Remote store (KV Connect), shared by several replicas; needs GATEHOUSE_KEY.",
  },
  DENO_KV_ACCESS_TOKEN: { type: token, help: "Access token of the remote store." },
  GATEHOUSE_KEY: {
    type: key256,
    unset: "a key file in the platform's config folder, made once",
    help: "Key that seals stored secrets.",
  },
} as const satisfies Record<string, Variable<unknown>>;
