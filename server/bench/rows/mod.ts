import type { Row } from "../bench.ts";
import { firstToken } from "./first_token.ts";
import { latency } from "./latency.ts";
import { manyStreams } from "./many_streams.ts";
import { memory } from "./memory.ts";
import { requests } from "./requests.ts";
import { start } from "./start.ts";
import { throughput } from "./throughput.ts";
import { token } from "./token.ts";

/** In the order of the table. */
export const ROWS: readonly Row[] = [latency, requests, firstToken, throughput, manyStreams, token, start, memory];
