import type { Row } from "../bench.ts";
import { access } from "./access.ts";
import { firstToken } from "./first_token.ts";
import { history } from "./history.ts";
import { latency } from "./latency.ts";
import { limits } from "./limits.ts";
import { manyStreams } from "./many_streams.ts";
import { memory } from "./memory.ts";
import { requests } from "./requests.ts";
import { sessions } from "./sessions.ts";
import { sockets } from "./sockets.ts";
import { start } from "./start.ts";
import { throughput } from "./throughput.ts";
import { token } from "./token.ts";
import { turn } from "./turn.ts";
import { window } from "./window.ts";

/** In the order of the table. */
export const ROWS: readonly Row[] = [
  latency,
  requests,
  access,
  limits,
  firstToken,
  throughput,
  manyStreams,
  history,
  sessions,
  turn,
  window,
  sockets,
  token,
  start,
  memory,
];
