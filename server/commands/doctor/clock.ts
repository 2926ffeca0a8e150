import type { Clock } from "../../effects/mod.ts";
import { hostPort, type HttpClient } from "../../network/mod.ts";
import { type Finding, ok, skip, warn } from "./finding.ts";

const TOLERANCE = 60_000;

/** How far this machine's clock is ahead of a far side's, in milliseconds. */
export interface Skew {
  readonly host: string;
  readonly ahead: number;
}

/** An HTTP client that notes what the `date` header of each answer says of this machine's clock. */
export function watchDates(http: HttpClient, clock: Clock): HttpClient & { readonly skews: () => readonly Skew[] } {
  const skews = new Map<string, number>();
  return {
    async fetch(request) {
      const asked = clock.now();
      const response = await http.fetch(request);
      const there = Date.parse(response.headers.get("date") ?? "");
      // The answer was dated between the two moments, and in whole seconds.
      if (!Number.isNaN(there)) skews.set(hostPort(request.url), outside(there, asked - 1000, clock.now()));
      return response;
    },
    close: () => http.close(),
    skews: () => [...skews].map(([host, ahead]) => ({ host, ahead })),
  };
}

/** Zero within the span, else how far the span lies after `there`. */
function outside(there: number, from: number, to: number): number {
  return there < from ? from - there : there > to ? to - there : 0;
}

/** Whether the far sides agree with this machine's clock. */
export function checkClock(skews: readonly Skew[]): readonly Finding[] {
  if (skews.length === 0) return [skip("clock", "nobody answered who could be asked for the time")];
  const off = skews.filter(({ ahead }) => Math.abs(ahead) > TOLERANCE);
  if (off.length === 0) return [ok("clock", `agrees with ${skews.map(({ host }) => host).join(", ")}`)];
  return off.map(({ host, ahead }) =>
    warn(
      "clock",
      `this machine is ${span(Math.abs(ahead))} ${ahead > 0 ? "ahead of" : "behind"} ${host}`,
      "Set this machine's clock (NTP): tokens expire by it.",
    )
  );
}

function span(ms: number): string {
  const minutes = Math.round(ms / 60_000);
  return minutes < 120 ? `${minutes} min` : `${Math.round(minutes / 60)} h`;
}
