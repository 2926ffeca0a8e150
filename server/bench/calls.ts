import type { Side } from "./sides/side.ts";
import { Connection } from "./wire/connection.ts";
import { chatRequest } from "./wire/request.ts";

/** Makes non-streaming calls as fast as they go. @returns how many were answered */
export async function callsDone(side: Side, connections: number, milliseconds: number): Promise<number> {
  const request = chatRequest(side.url, { chunks: 0, pace: 0 }, side.headers);
  const end = performance.now() + milliseconds;
  const lanes = Array.from({ length: connections }, async () => {
    const connection = await Connection.open(side.url);
    let done = 0;
    for (; performance.now() < end; done++) {
      const status = await connection.exchange(request);
      if (status !== 200) throw new Error(`A call was answered ${status}`);
    }
    connection.close();
    return done;
  });
  return (await Promise.all(lanes)).reduce((sum, done) => sum + done, 0);
}

/** Makes one call at a time, the sides in turn, so that all of them see the same machine. @returns milliseconds by side */
export async function callTimes<Name>(sides: ReadonlyMap<Name, Side>, calls: number): Promise<Map<Name, number[]>> {
  const lanes = await Promise.all([...sides].map(async ([name, side]) => ({
    name,
    connection: await Connection.open(side.url),
    request: chatRequest(side.url, { chunks: 0, pace: 0 }, side.headers),
    times: new Array<number>(),
  })));
  for (let call = 0; call < calls; call++) {
    for (const { connection, request, times } of lanes) {
      const begin = performance.now();
      const status = await connection.exchange(request);
      times.push(performance.now() - begin);
      if (status !== 200) throw new Error(`A call was answered ${status}`);
    }
  }
  for (const lane of lanes) lane.connection.close();
  return new Map(lanes.map(({ name, times }) => [name, times]));
}
