import { promises as dns } from "node:dns";
import { type Clock, systemClock } from "../../effects/mod.ts";
import { createHttpClient, createWatchdog, type HttpClient, type Watchdog } from "../../network/mod.ts";
import type { Settings } from "../../settings/mod.ts";
import { silentLogger } from "../../telemetry/mod.ts";

/** What the checks reach the world through. */
export interface DoctorEffects {
  readonly clock: Clock;
  readonly http: HttpClient;
  readonly watchdog: Watchdog;
  /** The addresses of a name. */
  resolve(hostname: string): Promise<readonly string[]>;
  /** Makes a TCP connection and closes it. */
  connect(target: { readonly hostname: string; readonly port: number }, signal: AbortSignal): Promise<void>;
  /** Listens there for a moment. @throws {Deno.errors.AddrInUse} when another does */
  listen(hostname: string, port: number): void;
}

/** The machine itself. Close `http` at the end. */
export function systemEffects(settings: Settings): DoctorEffects {
  return {
    clock: systemClock,
    http: createHttpClient({ settings: settings.network, clock: systemClock, log: silentLogger }),
    watchdog: createWatchdog(systemClock),
    resolve: async (hostname) => (await dns.lookup(hostname, { all: true })).map(({ address }) => address),
    connect: async (target, signal) => (await Deno.connect({ ...target, signal })).close(),
    listen: (hostname, port) => Deno.listen({ hostname, port }).close(),
  };
}

/** What every check is given. */
export interface Examination {
  readonly settings: Settings;
  readonly effects: DoctorEffects;
  /** Ends the examination. */
  readonly signal: AbortSignal;
}
