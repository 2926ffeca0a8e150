const CONFIG = new URL("../../../deno.json", import.meta.url).pathname;
const PROGRAM = new URL("../processes/fill.ts", import.meta.url).pathname;

/** What a user's part of a store is filled with. */
export interface Filling {
  readonly userId: string;
  /** A conversation each, of so many messages. */
  readonly conversations: readonly number[];
  /** So many sessions without messages. */
  readonly sessions: number;
  /** The length of what the user says, in letters. */
  readonly question: number;
  /** The length of a reply, in letters. */
  readonly answer: number;
}

/** A conversation that was filled. */
export interface Filled {
  readonly sessionId: string;
  /** Of its messages, oldest first. */
  readonly ids: readonly string[];
}

/** Fills a store while its gate runs: several processes may work on one. @returns the conversations, in their order */
export async function fillStore(dataDir: string, filling: Filling): Promise<readonly Filled[]> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--config", CONFIG, "-A", PROGRAM, dataDir, JSON.stringify(filling)],
    env: { NO_COLOR: "1" },
  }).output();
  if (!success) {
    throw new Error(`The store could not be filled: ${new TextDecoder().decode(stderr).trim().split("\n")[0]}`);
  }
  return JSON.parse(new TextDecoder().decode(stdout));
}
