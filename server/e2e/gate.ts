import { assertEquals } from "@std/assert";
import { baseEnvironment, Child, ROOT } from "./child.ts";

/** How a gate is started. */
export interface GateOptions {
  /** Settings, on top of a port of the system's choice and folders of its own. */
  readonly env: Record<string, string>;
  /** The folder that holds its store and its key; two gates may share one. */
  readonly home: Home;
  /** The program and its arguments. @default what `deno task serve` runs */
  readonly command?: readonly string[];
}

/** A temporary folder with everything that Gatehouse keeps on disk. */
export class Home implements AsyncDisposable {
  private constructor(readonly path: string) {}

  static async make(): Promise<Home> {
    return new Home(await Deno.makeTempDir({ prefix: "gatehouse-e2e-" }));
  }

  /** The variables that keep a gate inside this folder. */
  environment(): Record<string, string> {
    return {
      DATA_DIR: `${this.path}/data`,
      XDG_CONFIG_HOME: `${this.path}/config`,
      XDG_STATE_HOME: `${this.path}/state`,
      XDG_DATA_HOME: `${this.path}/share`,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.path, { recursive: true });
  }
}

/** `deno task serve` word for word, except that the program is this Deno and the paths are absolute. */
export async function serveCommand(subcommand = "serve"): Promise<string[]> {
  const { tasks } = JSON.parse(await Deno.readTextFile(`${ROOT}deno.json`));
  const words: string[] = tasks.serve.command.split(" ");
  const main = words.indexOf("server/main.ts");
  const flags = words.slice(2, main);
  return [Deno.execPath(), "run", "--config", `${ROOT}deno.json`, ...flags, `${ROOT}server/main.ts`, subcommand];
}

/** The environment of a gate or of its command line: the base, the folder, then the settings. */
export function gateEnvironment(options: GateOptions): Record<string, string> {
  return { ...baseEnvironment(), ...options.home.environment(), PORT: "0", ...options.env };
}

/** The answer of `GET /health`, as far as the suites look at it. */
export interface Health {
  readonly status: string;
  readonly demo: boolean;
  readonly credential: {
    readonly state: string;
    readonly since: string | null;
    readonly last_error: unknown;
    readonly fix: string | null;
  };
}

/** The product, started as its user starts it, in a process of its own. */
export class Gate implements AsyncDisposable {
  private constructor(readonly child: Child, readonly url: string) {}

  /** Starts it and waits until it listens. */
  static async start(options: GateOptions): Promise<Gate> {
    const child = new Child(options.command ?? await serveCommand(), {
      env: gateEnvironment(options),
      cwd: options.home.path,
    });
    try {
      return new Gate(child, await child.until(listeningUrl, "line that says where it listens"));
    } catch (error) {
      await child[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Everything it has written to the console. */
  get output(): string {
    return this.child.output;
  }

  /** Asks it to stop and waits for exit code 0. */
  async stop(): Promise<void> {
    this.child.signal("SIGTERM");
    const { code } = await this.child.exit();
    assertEquals(code, 0, `exit code after SIGTERM:\n${this.output}`);
  }

  /**
   * @param prompt the one message; the upstreams of this folder do what its first word says
   * @param extra more of the request's fields, and its headers
   */
  async chat(
    prompt: string,
    extra: { body?: Record<string, unknown>; headers?: Record<string, string>; signal?: AbortSignal } = {},
  ): Promise<Response> {
    return await fetch(`${this.url}/v1/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json", ...extra.headers },
      body: JSON.stringify({ messages: [{ role: "user", content: prompt }], ...extra.body }),
      ...(extra.signal === undefined ? {} : { signal: extra.signal }),
    });
  }

  async health(): Promise<Health> {
    return await (await fetch(`${this.url}/health`)).json();
  }

  /** Kills it if it still runs. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.child[Symbol.asyncDispose]();
  }
}

/** Finds the log line with the message `listening` and answers its `url` without a slash at the end. */
export function listeningUrl(output: string): string | undefined {
  for (const line of output.split("\n")) {
    if (!line.includes('"listening"')) continue;
    try {
      return String(JSON.parse(line).url).replace(/\/$/, "");
    } catch {
      // Half a line so far: the rest is still to come.
    }
  }
  return undefined;
}
