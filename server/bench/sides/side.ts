import type { Child } from "../child.ts";

/** The servers that are compared. `direct` is the upstream itself. */
export type SideName = "direct" | "bare" | "nginx" | "portkey" | "gate";

/** A running server that answers `POST /v1/chat/completions`. */
export interface Side {
  readonly child: Child;
  /** Without path. */
  readonly url: string;
  /** What a client must send to this side beyond the usual headers. */
  readonly headers: Readonly<Record<string, string>>;
  /** False: it is measured with non-streaming calls alone. @default true */
  readonly streams?: boolean;
}

/** Where a server runs. */
export interface Place {
  /** A folder of this run; removed at its end. */
  readonly folder: string;
  /** The cores it may use, as `taskset` takes them; null: not bound. */
  readonly cores: string | null;
}

/** What every start needs to know. */
export interface SideContext extends Place {
  /** The mock upstream, without path. */
  readonly upstream: string;
  readonly withPortkey: boolean;
}
