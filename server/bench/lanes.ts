import { median } from "./stats.ts";
import { Connection } from "./wire/connection.ts";

/** Some call that is made again and again. */
export interface Lane {
  /** Without path. */
  readonly url: string;
  /** What is sent. */
  readonly request: Uint8Array;
}

/** Median milliseconds of a call, by lane and round. */
export type LaneTimes<Name> = ReadonlyMap<Name, readonly number[]>;

/** Makes one call at a time, the lanes in turn, so that all of them see the same machine. */
export async function laneTimes<Name>(
  lanes: ReadonlyMap<Name, Lane>,
  { rounds, calls }: { readonly rounds: number; readonly calls: number },
): Promise<LaneTimes<Name>> {
  const open = await Promise.all([...lanes].map(async ([name, { url, request }]) => ({
    name,
    request,
    connection: await Connection.open(url),
    medians: new Array<number>(),
  })));
  for (let round = 0; round < rounds; round++) {
    const times = open.map(() => new Array<number>());
    for (let call = 0; call < calls; call++) {
      for (const [index, { connection, request }] of open.entries()) {
        const begin = performance.now();
        const status = await connection.exchange(request);
        times[index]?.push(performance.now() - begin);
        if (status !== 200) throw new Error(`A call was answered ${status}`);
      }
    }
    for (const [index, { medians }] of open.entries()) medians.push(median(times[index] ?? []));
  }
  for (const { connection } of open) connection.close();
  return new Map(open.map(({ name, medians }) => [name, medians]));
}

/** The median over the rounds of one lane's time ÷ another's in the same round. */
export function timeRatio<Name>(times: LaneTimes<Name>, over: Name, under: Name): number {
  const below = times.get(under) ?? [];
  return median((times.get(over) ?? []).map((time, round) => time / (below[round] ?? NaN)));
}

/** The median over the rounds of one lane's time. */
export function timeOf<Name>(times: LaneTimes<Name>, name: Name): number {
  return median(times.get(name) ?? []);
}
