/** A server under measurement, in a process of its own. */
export interface Child {
  readonly pid: number;
  /** Where it listens; without a path. */
  readonly url: string;
  /** Ends the process and waits for it. */
  stop(): Promise<void>;
}

export interface ChildOptions {
  readonly name: string;
  readonly command: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Where the log file goes; also the working directory, so that no `.env` of the caller is read. */
  readonly folder: string;
  /** The cores it may use, as `taskset` takes them; null: not bound. */
  readonly cores: string | null;
  /** For a program that does not print a `listening` line: the port it was told to take. */
  readonly port?: number;
}

const KEPT_VARIABLES = /^(PATH|HOME|TMPDIR|XDG_CACHE_HOME|DENO_DIR|NPM_CONFIG_.*)$/i;
const running = new Set<Omit<Child, "url">>();

/**
 * Starts a program and waits until it listens. Its output goes to a file, not through a pipe: reading a pipe would cost the loader.
 * The caller's environment is left out but for what finds Deno and its cache.
 */
export async function startChild(options: ChildOptions): Promise<Child> {
  const log = `${options.folder}/${options.name}-${crypto.randomUUID().slice(0, 8)}.log`;
  const pinned = options.cores === null ? [] : ["taskset", "-c", options.cores];
  const process = new Deno.Command("sh", {
    args: ["-c", 'log=$1; shift; exec "$@" >"$log" 2>&1', "sh", log, ...pinned, ...options.command],
    cwd: options.folder,
    clearEnv: true,
    env: { ...keptEnvironment(), NO_COLOR: "1", ...options.env },
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  let ended = false;
  const status = process.status.then(() => {
    ended = true;
  });
  const stop = async () => {
    running.delete(entry);
    if (ended) return;
    process.kill("SIGTERM");
    const force = setTimeout(() => process.kill("SIGKILL"), 3000);
    await status;
    clearTimeout(force);
  };
  const entry = { pid: process.pid, stop };
  running.add(entry);

  const deadline = Date.now() + 30_000;
  for (;;) {
    const url = options.port === undefined ? await listeningUrl(log) : await openUrl(options.port);
    if (url !== null) return { ...entry, url };
    if (ended || Date.now() > deadline) {
      const last = (await Deno.readTextFile(log).catch(() => "")).trim().split("\n").slice(-1).join(" ");
      await stop();
      throw new Error(`${options.name} ${ended ? "ended at its start" : "did not listen in 30 s"}: ${last}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/** Ends every child that still runs. */
export async function stopAll(): Promise<void> {
  await Promise.all([...running].map((child) => child.stop()));
}

/** Ends every child at once, for a signal handler. */
export function killAll(): void {
  for (const child of running) {
    try {
      Deno.kill(child.pid, "SIGKILL");
    } catch {
      // It has ended by itself.
    }
  }
}

function keptEnvironment(): Record<string, string> {
  return Object.fromEntries(Object.entries(Deno.env.toObject()).filter(([name]) => KEPT_VARIABLES.test(name)));
}

async function listeningUrl(log: string): Promise<string | null> {
  const text = await Deno.readTextFile(log).catch(() => "");
  for (const line of text.split("\n")) {
    if (!line.includes('"listening"')) continue;
    try {
      const entry: unknown = JSON.parse(line);
      if (typeof entry === "object" && entry !== null && "url" in entry && typeof entry.url === "string") {
        return entry.url.replace(/\/$/, "");
      }
    } catch {
      // Half a line: it is read again.
    }
  }
  return null;
}

async function openUrl(port: number): Promise<string | null> {
  try {
    (await Deno.connect({ hostname: "127.0.0.1", port })).close();
    return `http://127.0.0.1:${port}`;
  } catch {
    return null;
  }
}
