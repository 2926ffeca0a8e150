import { startChild } from "../child.ts";
import { freePort } from "../wire/port.ts";
import type { Side, SideContext } from "./side.ts";

const PACKAGE = "@portkey-ai/gateway";
const VERSION = "1.15.2";
const FOLDER = new URL("../../../.cache/bench/", import.meta.url).pathname;

/** Starts Portkey's gateway from its npm package, which is installed first if that was asked for. */
export async function startPortkey(context: SideContext): Promise<Side> {
  const program = `${FOLDER}node_modules/${PACKAGE}/build/start-server.js`;
  if (!(await exists(program))) {
    if (!context.withPortkey) throw new Error("not installed: --with-portkey installs it");
    await install();
  }
  const port = freePort();
  const child = await startChild({
    name: "portkey",
    command: ["node", program, `--port=${port}`, "--headless"],
    env: { NODE_ENV: "production", TRUSTED_CUSTOM_HOSTS: "127.0.0.1,localhost" },
    folder: context.folder,
    cores: context.cores,
    port,
  });
  return {
    child,
    url: child.url,
    // Version 1.15.2 answers 500 to streams on Node 20 ("TypeError: immutable"); no row needs them.
    streams: false,
    headers: { "x-portkey-provider": "openai", "x-portkey-custom-host": `${context.upstream}/v1` },
  };
}

async function install(): Promise<void> {
  await Deno.mkdir(FOLDER, { recursive: true });
  const { success, stderr } = await new Deno.Command("npm", {
    args: ["install", "--no-audit", "--no-fund", "--prefix", FOLDER, `${PACKAGE}@${VERSION}`],
    stdout: "null",
  }).output();
  if (!success) throw new Error(`npm could not install it: ${new TextDecoder().decode(stderr).trim().split("\n")[0]}`);
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}
