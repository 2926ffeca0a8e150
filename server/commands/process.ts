import { systemClock } from "../effects/mod.ts";
import { formatFault, type Settings } from "../settings/mod.ts";
import { consoleSink, createLogger, fileSink, type LogLevel, type RootLogger } from "../telemetry/mod.ts";
import type { Console } from "./console.ts";
import { loadOwnSettings } from "./own_settings.ts";

/**
 * The settings of this process, proxy variables taken out of its environment first.
 *
 * @returns null when there are faults; each was told in a line
 */
export function processSettings(console: Console): Settings | null {
  const { loaded } = loadOwnSettings();
  for (const warning of loaded.warnings) console.complain(`warning: ${warning}`);
  if (loaded.ok) return loaded.settings;
  console.complain("Cannot start: the settings have faults.");
  for (const fault of loaded.faults) console.complain(`  ${formatFault(fault)}`);
  console.complain("Mend them in the environment or in .env; `deno task gatehouse help` lists every setting.");
  return null;
}

/** The server's log: the console, and `LOG_FILE` when it is set. */
export function processLogger({ server }: Settings): RootLogger {
  const level = server.logLevel;
  const out = consoleSink({ clock: systemClock });
  if (server.logFile === null) return createLogger({ level, sinks: [out], clock: systemClock });
  const report = createLogger({ level, sinks: [out], clock: systemClock });
  const file = fileSink({ path: server.logFile, clock: systemClock, report });
  return createLogger({ level, sinks: [out, file], clock: systemClock });
}

/** The log of a command: what is wrong, to the console. */
export function commandLogger(level: LogLevel = "warn"): RootLogger {
  return createLogger({ level, sinks: [consoleSink({ clock: systemClock })], clock: systemClock });
}
