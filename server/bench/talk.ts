import type { Side } from "./sides/side.ts";
import { Connection } from "./wire/connection.ts";
import { jsonAnswer } from "./wire/json_answer.ts";
import { jsonRequest } from "./wire/json_request.ts";

/** So many turns, then a new conversation: what is measured must not grow with the run. */
const TURNS = 10;

/** Somebody who talks with the gate, one turn after the other, in conversations of ten turns. */
export class Talk {
  readonly #side: Side;
  readonly #connection: Connection;
  readonly #message: string;
  #sessionId: unknown = null;
  #turns = 0;

  private constructor(side: Side, connection: Connection, chunks: number) {
    this.#side = side;
    this.#connection = connection;
    this.#message = `bench chunks=${chunks} pace=0`;
  }

  /** @param chunks of which the upstream's answer is */
  static async open(side: Side, chunks: number): Promise<Talk> {
    return new Talk(side, await Connection.open(side.url), chunks);
  }

  /** `POST /conversation`, not streamed. */
  async turn(): Promise<void> {
    const isNew = this.#turns++ % TURNS === 0;
    const body = { message: this.#message, stream: false, ...(isNew ? {} : { session_id: this.#sessionId }) };
    const { url, headers } = this.#side;
    const answer = await jsonAnswer(this.#connection, jsonRequest(url, "POST /conversation", headers, body));
    if (answer.status !== "complete") throw new Error(`A turn ended ${answer.status}`);
    this.#sessionId = answer.session_id;
  }

  close(): void {
    this.#connection.close();
  }
}

/** Turns as fast as they go, on separate sessions. @returns how many were answered */
export async function turnsDone(
  side: Side,
  { connections, chunks, milliseconds }: {
    readonly connections: number;
    readonly chunks: number;
    readonly milliseconds: number;
  },
): Promise<number> {
  const talks = await Promise.all(Array.from({ length: connections }, () => Talk.open(side, chunks)));
  const end = performance.now() + milliseconds;
  const done = await Promise.all(talks.map(async (talk) => {
    let turns = 0;
    for (; performance.now() < end; turns++) await talk.turn();
    talk.close();
    return turns;
  }));
  return done.reduce((sum, turns) => sum + turns, 0);
}
