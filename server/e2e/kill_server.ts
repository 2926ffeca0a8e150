// The server with a failpoint that kills it: KILL_AT names a line of the refresher, KILL_OCCURRENCE which time it is
// reached, KILL_AFTER_MS how long after (none: there and then).
import { startApp } from "../app.ts";
import { systemClock } from "../effects/mod.ts";
import { loadSettings } from "../settings/mod.ts";
import { consoleSink, createLogger } from "../telemetry/mod.ts";

const place = Deno.env.get("KILL_AT");
const occurrence = Number(Deno.env.get("KILL_OCCURRENCE"));
const afterMs = Deno.env.get("KILL_AFTER_MS") ?? "";
let reached = 0;

/** Never returns: the signal comes before the call does. */
const die = () => Deno.kill(Deno.pid, "SIGKILL");

const loaded = loadSettings({
  env: Deno.env.toObject(),
  dotenv: null,
  readTextFile: (path) => Deno.readTextFileSync(path),
  platform: "linux",
});
if (!loaded.ok) throw new Error(`bad settings: ${loaded.faults.map(({ name }) => name)}`);

await startApp({
  settings: loaded.settings,
  log: createLogger({ level: "info", sinks: [consoleSink({ clock: systemClock })], clock: systemClock }),
  failpoint: (step) => {
    if (step !== place || ++reached !== occurrence) return;
    if (afterMs === "") die();
    else setTimeout(die, Number(afterMs));
  },
});
