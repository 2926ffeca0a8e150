import { describeSettings } from "../settings/mod.ts";
import type { Console } from "./console.ts";
import { systemEffects } from "./doctor/effects.ts";
import { checkEnvironment } from "./doctor/environment.ts";
import { examine } from "./doctor/examine.ts";
import type { Finding, Verdict } from "./doctor/finding.ts";
import { loadOwnSettings } from "./own_settings.ts";
import { lines, summary } from "./doctor/report.ts";
import { checkRuntime } from "./doctor/runtime.ts";
import { checkSettings } from "./doctor/settings.ts";

/**
 * `gatehouse doctor`: holds the settings against reality and says what to mend. Redeems no token.
 *
 * @returns the exit code: 0 when nothing fails, 1 when something does, 130 when it was interrupted
 */
export async function doctor(console: Console): Promise<number> {
  const width = console.isTerminal ? Deno.consoleSize().columns : Infinity;
  const verdicts: Verdict[] = [];
  const tell = (findings: readonly Finding[]) => {
    for (const finding of findings) {
      verdicts.push(finding.verdict);
      for (const line of lines(finding, console, width)) console.say(line);
    }
  };
  const { loaded, proxyVariables } = loadOwnSettings();
  const settings = loaded.ok ? loaded.settings : null;
  if (settings !== null) {
    for (const [name, shown] of describeSettings(settings)) {
      if (shown !== "-") console.say(console.dim(`      ${name.padEnd(40)}  ${shown}`));
    }
    console.say("");
  }
  tell(checkSettings(loaded));
  tell(checkRuntime(Deno.version.deno));
  if (settings !== null) {
    const effects = systemEffects(settings);
    const stop = new AbortController();
    const onSignal = () => stop.abort();
    Deno.addSignalListener("SIGINT", onSignal);
    try {
      for await (const findings of examine({ settings, effects, signal: stop.signal })) {
        if (stop.signal.aborted) {
          console.complain("Stopped before the end.");
          return 130;
        }
        tell(findings);
      }
    } finally {
      Deno.removeSignalListener("SIGINT", onSignal);
      effects.http.close();
    }
  }
  tell(checkEnvironment(proxyVariables, settings));
  console.say("");
  console.say(summary(verdicts));
  return verdicts.includes("FAIL") ? 1 : 0;
}
