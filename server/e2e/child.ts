import { report } from "./report.ts";

/** What a child process is started with. */
export interface ChildOptions {
  /** Its whole environment. Nothing is inherited. */
  readonly env: Record<string, string>;
  readonly cwd?: string;
}

/**
 * A child process whose output is kept. It is killed and reaped when the scope that holds it ends, so that no suite
 * leaves one behind. Its standard input stays open as long as we live: fixtures end when it closes.
 */
export class Child implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #done: Promise<unknown>;
  readonly #waiting = new Set<() => void>();
  #output = "";
  #ended = false;

  /** @param command the program and its arguments */
  constructor(command: readonly string[], options: ChildOptions) {
    const [program = "", ...args] = command;
    this.#process = new Deno.Command(program, {
      args,
      env: options.env,
      clearEnv: true,
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const ended = this.#process.status.then(() => {
      this.#ended = true;
      this.#wake();
    });
    this.#done = Promise.all([ended, this.#collect(this.#process.stdout), this.#collect(this.#process.stderr)]);
  }

  get pid(): number {
    return this.#process.pid;
  }

  /** Everything it has written so far, both streams. */
  get output(): string {
    return this.#output;
  }

  /** True once it has exited. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Waits until it has exited and all of its output was read. */
  async exit(): Promise<Deno.CommandStatus> {
    await this.#done;
    return await this.#process.status;
  }

  /** Writes to its standard input, which stays open. */
  async write(text: string): Promise<void> {
    const writer = this.#process.stdin.getWriter();
    try {
      await writer.write(new TextEncoder().encode(text));
    } finally {
      writer.releaseLock();
    }
  }

  /** Sends a signal; a process that is gone already is no error. */
  signal(signal: Deno.Signal): void {
    if (this.#ended) return;
    try {
      this.#process.kill(signal);
    } catch {
      // It went between the question and the signal.
    }
  }

  /**
   * Waits until `read` finds what it looks for in the output.
   *
   * @param read gets the whole output so far, answers undefined to go on waiting
   * @param timeoutMs milliseconds
   * @throws {Error} with the output when the process ends or the time is over first
   */
  async until<T>(read: (output: string) => T | undefined, what: string, timeoutMs = 30_000): Promise<T> {
    const deadline = performance.now() + timeoutMs;
    while (true) {
      const found = read(this.#output);
      if (found !== undefined) return found;
      if (this.#ended) throw new Error(`The process ended before ${what}:\n${this.#output}`);
      const left = deadline - performance.now();
      if (left <= 0) throw new Error(`No ${what} within ${timeoutMs} ms:\n${this.#output}`);
      await this.#change(left);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.signal("SIGKILL");
    await this.#process.stdin.close().catch(() => {});
    await this.#done;
  }

  async #collect(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<void> {
    for await (const text of stream.pipeThrough(new TextDecoderStream())) {
      this.#output += text;
      this.#wake();
    }
  }

  #wake(): void {
    for (const wake of this.#waiting) wake();
  }

  async #change(timeoutMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, timeoutMs);
    this.#waiting.add(resolve);
    try {
      await promise;
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(resolve);
    }
  }
}

const HANDED_THROUGH =
  /^(PATH|HOME|DENO_DIR|XDG_CACHE_HOME|TMPDIR|NPM_CONFIG_.*|npm_config_.*|DENO_TLS_CA_STORE|DENO_CERT|SSL_CERT_.*)$/;

/** The part of our environment that any Deno needs to find its cache and its registry, and nothing that Gatehouse reads. */
export function baseEnvironment(): Record<string, string> {
  return Object.fromEntries(Object.entries(Deno.env.toObject()).filter(([name]) => HANDED_THROUGH.test(name)));
}

/** The repository's root folder, with a slash at the end. */
export const ROOT = new URL("../../", import.meta.url).pathname;

/**
 * Starts one of the fixture programs of this folder and waits for the line of JSON that says where it listens.
 *
 * @param script file name in this folder
 */
export async function startFixture(
  script: string,
  env: Record<string, string> = {},
): Promise<{ child: Child; url: string }> {
  const child = new Child(
    [Deno.execPath(), "run", "-A", "--config", `${ROOT}deno.json`, `${ROOT}server/e2e/${script}`],
    { env: { ...baseEnvironment(), ...env } },
  );
  try {
    const url = await child.until((output) => /^listening (\S+)$/m.exec(output)?.[1], `address of ${script}`);
    return { child, url };
  } catch (error) {
    await child[Symbol.asyncDispose]();
    throw error;
  }
}

/** Called by a fixture program: says where it listens, and ends it when the suite that started it is gone. */
export async function serveUntilOrphaned(url: string): Promise<never> {
  report(`listening ${url}`);
  for await (const _ of Deno.stdin.readable) {
    // Nothing is ever sent: only the end matters.
  }
  Deno.exit(0);
}
