/** For this room's tests: runs the child fixture and reads what it says. */
export interface Child {
  /** The next line it says; null at its end. */
  line(): Promise<string | null>;
  /** Lets it go on. */
  go(): Promise<void>;
  /** Kills it at once and waits for its end. */
  kill(): Promise<void>;
}

const decoder = new TextDecoder();

export function startChild(job: string, argument: string): Child {
  const fixture = new URL("./child_fixture.ts", import.meta.url).href;
  const process = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", fixture, job, argument],
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const input = process.stdin.getWriter();
  const output = process.stdout.getReader();
  let text = "";

  async function line(): Promise<string | null> {
    for (;;) {
      const end = text.indexOf("\n");
      if (end >= 0) {
        const found = text.slice(0, end);
        text = text.slice(end + 1);
        return found;
      }
      const { value, done } = await output.read();
      if (done) return null;
      text += decoder.decode(value);
    }
  }

  return {
    line,
    go: () => input.write(new Uint8Array(1)),
    async kill() {
      try {
        process.kill("SIGKILL");
      } catch {
        // It has ended by itself.
      }
      await process.status;
      await input.abort().catch(() => {});
      await output.cancel();
    },
  };
}
