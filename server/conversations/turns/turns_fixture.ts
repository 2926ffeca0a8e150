import { LOCAL_USER } from "../../accounts/mod.ts";
import { FakeClock, settle } from "../../effects/fake_clock.ts";
import { type FaultyStore, memoryStore, withFaults } from "../../storage/testing.ts";
import { type Logger, silentLogger } from "../../telemetry/mod.ts";
import { createLibrary } from "../library/create_library.ts";
import type { Library } from "../library/library.ts";
import type { Message } from "../message.ts";
import { createTurns, type MendedTurns } from "./create_turns.ts";
import { FakeModel } from "./fake_model_fixture.ts";
import type { Turn, TurnEvent, TurnRequest } from "./turns.ts";

/** A signal that nobody aborts. */
export const never = new AbortController().signal;

/** Whose turns these are. */
export const USER = "u1";

/** One process on the store. */
export interface Process {
  readonly name: string;
  readonly store: FaultyStore;
  readonly library: Library;
  readonly turns: MendedTurns;
  readonly model: FakeModel;
  /** What was logged as a warning or an error. */
  readonly logged: string[];
}

/** Several processes on one store in memory, each with a model of its own. */
export class World implements AsyncDisposable {
  readonly #inner: FaultyStore;
  readonly #alive = new Set<string>();
  readonly #processes: Process[] = [];
  readonly clock = new FakeClock();
  #seed = 1;
  /** Never the same twice: two processes must not make the same ids. */
  readonly #random = () => (this.#seed = this.#seed * 16807 % 2147483647) / 2147483647;

  private constructor(inner: FaultyStore) {
    this.#inner = inner;
  }

  static async open(): Promise<World> {
    return new World(await memoryStore());
  }

  /** @param around what stands between the turns and their library */
  start(name = "p1", around: (library: Library) => Library = (library) => library): Process {
    const { clock } = this;
    const store = withFaults(this.#inner, clock);
    const model = new FakeModel();
    const logged: string[] = [];
    const tell = (message: string) => void logged.push(message);
    const log: Logger = { ...silentLogger, warn: tell, error: tell, with: () => log };
    const alive = this.#alive.add(name);
    const presence = {
      owner: name,
      isAlive: (owner: string) => Promise.resolve(alive.has(owner)),
      close: () => Promise.resolve(),
    };
    const library = around(createLibrary({ store, presence, clock, random: this.#random, log }));
    const { upstream, models, inference } = model;
    const turns = createTurns({
      library,
      presence,
      resolve: () => ({ upstream, models }),
      inference,
      askEvery: 500,
      clock,
      log,
    });
    const process = { name, store, library, turns, model, logged };
    this.#processes.push(process);
    return process;
  }

  /** The process dies: nothing that it does from now on reaches the store. */
  kill({ name, store }: Process): void {
    store.fail({ kind: "hang" });
    this.#alive.delete(name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { name, turns, model, store } of this.#processes) {
      if (!this.#alive.has(name)) continue;
      store.heal();
      for (const call of model.calls) call.finish();
      await this.settled(turns.close());
    }
    this.#inner.close();
  }

  /** Lets time pass until `work` is done: what the store refuses is tried again after a pause. */
  async settled<T>(work: Promise<T>): Promise<T> {
    let done = false;
    const end = () => done = true;
    work.then(end, end);
    await settle();
    for (let tries = 0; !done; tries++) {
      if (tries === 1_000) throw new Error("this takes for ever");
      await this.clock.advance(100);
    }
    return await work;
  }
}

/** A request for a turn. */
export function request(content: string, more: Partial<TurnRequest> = {}): TurnRequest {
  return {
    who: { ...LOCAL_USER, userId: USER },
    sessionId: null,
    content,
    grace: 20_000,
    signal: never,
    headers: [],
    startedAt: 0,
    log: silentLogger,
    ...more,
  };
}

/** All events of a turn from its start, until its end. */
export function readAll(turn: Turn, after = -1): Promise<TurnEvent[]> {
  return Array.fromAsync(turn.events(after, never));
}

/** What the events say, in short. */
export function told(events: readonly TurnEvent[]): string[] {
  return events.map((event) => {
    switch (event.type) {
      case "session":
        return "session";
      case "chunk":
        return event.text;
      case "done":
        return `done: ${event.message.status}`;
      case "error":
        return `error: ${"code" in event.error ? event.error.code : event.error.name}`;
    }
  });
}

/** A session's messages as they are stored, in short. */
export async function stored({ library }: Pick<Process, "library">, sessionId: string): Promise<string[]> {
  const opened = await library.open(USER, sessionId);
  if (opened === null) return ["gone"];
  const messages: Message[] = await Array.fromAsync(library.forwards(opened.session));
  const lines = messages.map(({ role, status, content }) => `${role} ${status}: ${content}`);
  return opened.running === null ? lines : [...lines, "busy"];
}
