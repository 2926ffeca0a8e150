import { openAccesses } from "./accesses.ts";
import { startGate } from "./gate.ts";
import type { Side, SideContext } from "./side.ts";

/** A gate whose store is known. */
export interface StoredGate {
  /** Asked with an API key of the user `local`. */
  readonly side: Side;
  /** Its `DATA_DIR`. */
  readonly dataDir: string;
}

/** Starts a gate of its own in a folder of its own, and warms it up; the caller stops it. */
export async function startStoredGate(context: SideContext): Promise<StoredGate> {
  const folder = await Deno.makeTempDir({ dir: context.folder, prefix: "stored-" });
  const gate = await startGate({ ...context, folder });
  try {
    const side = (await openAccesses(gate, ["key"])).get("key");
    if (side === undefined) throw new Error("There is no API key");
    return { side, dataDir: await storeIn(folder) };
  } catch (error) {
    await gate.child.stop();
    throw error;
  }
}

async function storeIn(folder: string): Promise<string> {
  for await (const { name } of Deno.readDir(folder)) {
    const file = await Deno.stat(`${folder}/${name}/gatehouse.db`).catch(() => null);
    if (file !== null) return `${folder}/${name}`;
  }
  throw new Error("The gate has made no store");
}
