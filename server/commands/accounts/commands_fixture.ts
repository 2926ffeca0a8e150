import { monotonicUlid } from "@std/ulid";
import { createPasswordHasher, openAccounts } from "../../accounts/mod.ts";
import { eraserOf } from "../../conversations/mod.ts";
import { systemClock } from "../../effects/mod.ts";
import { Secret } from "../../secrets/mod.ts";
import { loadSettings, type Settings } from "../../settings/mod.ts";
import { openVault } from "../../storage/mod.ts";
import { memoryStore } from "../../storage/testing.ts";
import { silentLogger } from "../../telemetry/mod.ts";
import { readArguments } from "./arguments.ts";
import { type AccountCommand, told } from "./command.ts";
import type { AccountRooms } from "./rooms.ts";

/** What a command has said. */
export interface Outcome {
  readonly code: number;
  readonly out: readonly string[];
  readonly err: readonly string[];
}

/** Real accounts in memory, and commands that are run on them. */
export interface CommandRooms extends AccountRooms, AsyncDisposable {
  run(command: AccountCommand | undefined, ...args: string[]): Promise<Outcome>;
  addUser(username: string): Promise<string>;
}

/** Opens them. @param env the settings of the server */
export async function openRooms(env: Record<string, string> = {}): Promise<CommandRooms> {
  const settings = settingsOf(env);
  const store = await memoryStore();
  const log = silentLogger;
  const accounts = await openAccounts({
    settings: settings.accounts,
    isRemote: settings.storage.kvUrl !== null,
    store,
    vault: await openVault({ settings: settings.storage, log }),
    clock: systemClock,
    log,
    newId: () => monotonicUlid(systemClock.now()),
    hasher: createPasswordHasher({ worker: null, clock: systemClock, log }),
    erasers: [eraserOf({ store, clock: systemClock })],
  });
  const rooms: AccountRooms = { accounts, store, settings, log };
  return {
    ...rooms,
    async run(command, ...args) {
      if (command === undefined) throw new Error("There is no such command");
      const out: string[] = [];
      const err: string[] = [];
      const console = {
        say: (line: string) => void out.push(line),
        complain: (line: string) => void err.push(line),
        isTerminal: false,
        bold: (text: string) => text,
        dim: (text: string) => text,
      };
      const code = await told(console, () => command.prepare(readArguments(args, command))(rooms, console));
      return { code, out, err };
    },
    addUser: async (username) => (await accounts.users.create({ username, password: new Secret("long enough") })).id,
    async [Symbol.asyncDispose]() {
      await accounts.close();
      store.close();
    },
  };
}

function settingsOf(env: Record<string, string>): Settings {
  const loaded = loadSettings({
    env: { HOME: "/nowhere", GATEHOUSE_KEY: btoa("\0".repeat(32)), ...env },
    dotenv: null,
    readTextFile: (path) => path,
    platform: "linux",
  });
  if (loaded.ok) return loaded.settings;
  throw new Error(JSON.stringify(loaded.faults));
}
