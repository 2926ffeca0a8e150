import type { Examination } from "./effects.ts";
import { fail, type Finding, ok, warn } from "./finding.ts";
import { plainName, readObject } from "./read_json.ts";
import { limited, SILENCE } from "./time_limit.ts";

/** Whether the server could listen, or does so already. */
export async function checkPort(exam: Examination): Promise<readonly Finding[]> {
  const { host, port } = exam.settings.server;
  const where = `${host.includes(":") ? `[${host}]` : host}:${port}`;
  if (port === 0) return [ok("port", "the system chooses a free one (PORT=0)")];
  try {
    exam.effects.listen(host, port);
    return [ok("port", `${where} is free`)];
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) return [await whoIsThere(exam, where)];
    return [
      fail("port", `${where} cannot be listened on`, "Choose another HOST or PORT; below 1024 the system may refuse."),
    ];
  }
}

async function whoIsThere(exam: Examination, where: string): Promise<Finding> {
  const taken = fail("port", `${where} is used by another program`, "Stop it, or set PORT.");
  try {
    return await limited(exam, SILENCE, async (signal) => {
      const url = new URL(`http://${reachable(where)}/health`);
      const response = await exam.effects.http.fetch({ url, signal, silence: SILENCE });
      const body = await readObject(exam, response, signal);
      const own = typeof body?.credential === "object" && typeof body.uptime_s === "number";
      if (!own) return asks(body) ? ok("port", `a Gatehouse runs at ${where} and asks for a credential`) : taken;
      const found = `Gatehouse ${plainName(body?.version) ?? "?"} runs at ${where}`;
      const status = plainName(body?.status) ?? "?";
      if (status === "ok") return ok("port", `${found} and is well`);
      return warn("port", `${found} and says ${status}`, `See http://${where}/health`);
    });
  } catch {
    return taken;
  }
}

/** What listens everywhere is asked on loopback. */
function reachable(where: string): string {
  return where.replace(/^(?:0\.0\.0\.0|\[::\]):/, "127.0.0.1:");
}

/** Whether the refusal is one of Gatehouse's own. */
function asks(body: Readonly<Record<string, unknown>> | null): boolean {
  const error = body?.error;
  return typeof error === "object" && error !== null && "code" in error && error.code === "credential_required";
}
