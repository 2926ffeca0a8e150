/** What the kernel says about a process; null where there is no `/proc`. */
export async function residentBytes(pid: number): Promise<number | null> {
  const text = await read(`/proc/${pid}/status`);
  const kilobytes = text === null ? undefined : /^VmRSS:\s+(\d+) kB/m.exec(text)?.[1];
  return kilobytes === undefined ? null : Number(kilobytes) * 1024;
}

/** Processor time used so far, in milliseconds (steps of 10 ms); null where there is no `/proc`. */
export async function processorTime(pid: number): Promise<number | null> {
  const text = await read(`/proc/${pid}/stat`);
  if (text === null) return null;
  // The second field may hold spaces; it ends at the last parenthesis.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

/** Lists of cores as `taskset` takes them; null: not bound. */
export interface Cores {
  /** For the server under measurement. */
  readonly server: string | null;
  /** For the loader and the upstream. */
  readonly others: string | null;
  /** For what runs alone. */
  readonly all: string | null;
}

/**
 * Puts this process, the loader, on its own core, so that a server's work and the loader's are not mixed. Needs `taskset` and
 * two cores; without them nothing is bound.
 */
export async function divideCores(): Promise<Cores> {
  const none = { server: null, others: null, all: null };
  const [server, ...others] = await allowedCores();
  if (server === undefined || others.length === 0) return none;
  try {
    const { success } = await new Deno.Command("taskset", {
      args: ["-apc", others.join(), String(Deno.pid)],
      stdout: "null",
      stderr: "null",
    }).output();
    return success ? { server: String(server), others: others.join(), all: [server, ...others].join() } : none;
  } catch {
    return none;
  }
}

async function allowedCores(): Promise<number[]> {
  const list = /^Cpus_allowed_list:\s+(\S+)/m.exec((await read("/proc/self/status")) ?? "")?.[1] ?? "";
  return list.split(",").filter((part) => part !== "").flatMap((part) => {
    const [from = 0, to = from] = part.split("-").map(Number);
    return Array.from({ length: to - from + 1 }, (_, index) => from + index);
  });
}

async function read(path: string): Promise<string | null> {
  try {
    return await Deno.readTextFile(path);
  } catch {
    return null;
  }
}
