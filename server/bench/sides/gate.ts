import { type Child, startChild } from "../child.ts";
import type { Place, Side, SideContext } from "./side.ts";

const ROOT = new URL("../../../", import.meta.url).pathname;

/** Starts Gatehouse as a user would, before the mock upstream, with a refresh-token credential and a price list. */
export async function startGate(context: SideContext): Promise<Side> {
  const prices = await Deno.makeTempFile({ dir: context.folder, prefix: "prices-", suffix: ".json" });
  await Deno.writeTextFile(prices, JSON.stringify({ models: { "bench-model": { input: 1, output: 1 } } }));
  const child = await startServe(context, {
    LLM_API_URL: `${context.upstream}/v1/chat/completions`,
    LLM_MODEL_NAME: "bench-model",
    OAUTH_TOKEN_URL: `${context.upstream}/token`,
    OAUTH_CLIENT_ID: "bench",
    OAUTH_REFRESH_TOKEN: "bench-seed",
    PRICES_FILE: prices,
  });
  return { child, url: child.url, headers: {} };
}

/** Starts Gatehouse with its built-in demo. */
export function startDemo(place: Place): Promise<Child> {
  return startServe(place, {});
}

async function startServe({ folder, cores }: Place, settings: Record<string, string>): Promise<Child> {
  const dataDir = await Deno.makeTempDir({ dir: folder, prefix: "data-" });
  return await startChild({
    name: "gate",
    command: [
      Deno.execPath(),
      "run",
      "--config",
      `${ROOT}deno.json`,
      ...await serveFlags(),
      `${ROOT}server/main.ts`,
      "serve",
    ],
    env: {
      PORT: "0",
      DATA_DIR: dataDir,
      GATEHOUSE_KEY: btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(32)))),
      ...settings,
    },
    folder,
    cores,
  });
}

/** The permissions of `deno task serve`. */
async function serveFlags(): Promise<string[]> {
  const config: { tasks: { serve: { command: string } } } = JSON.parse(await Deno.readTextFile(`${ROOT}deno.json`));
  return config.tasks.serve.command.split(" ").filter((word) => word.startsWith("--"));
}
