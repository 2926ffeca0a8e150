import { type Child, stopAll } from "./child.ts";
import type { Cores } from "./machine.ts";
import { startGate } from "./sides/gate.ts";
import { startNginx } from "./sides/nginx.ts";
import { startPortkey } from "./sides/portkey.ts";
import { startProcess } from "./sides/deno_side.ts";
import type { Place, Side, SideContext, SideName } from "./sides/side.ts";
import type { Line } from "./table.ts";
import { Connection } from "./wire/connection.ts";
import { chatRequest } from "./wire/request.ts";

/** One or several lines of the table, under the name that `--only` takes. */
export interface Row {
  readonly name: string;
  run(bench: Bench): Promise<Line[]>;
}

/** A side that cannot be measured here, and why. */
export interface Absent {
  readonly absent: string;
}

/** What a row works with: the sides, started when first asked for, and how long it may take. */
export class Bench {
  readonly quick: boolean;
  readonly context: SideContext;
  /** Where a server runs that is measured alone. */
  readonly alone: Place;
  readonly #upstream: Child;
  readonly #sides = new Map<SideName, Side | Absent>();

  private constructor(quick: boolean, context: SideContext, alone: Place, upstream: Child) {
    this.quick = quick;
    this.context = context;
    this.alone = alone;
    this.#upstream = upstream;
  }

  static async open(
    options: { readonly quick: boolean; readonly withPortkey: boolean; readonly folder: string; readonly cores: Cores },
  ): Promise<Bench> {
    const { quick, withPortkey, folder, cores } = options;
    const upstream = await startProcess("upstream", { folder, cores: cores.others });
    const context = { upstream: upstream.url, folder, cores: cores.server, withPortkey };
    return new Bench(quick, context, { folder, cores: cores.all }, upstream);
  }

  /** The shared instance of a side, warmed up. */
  async side(name: SideName): Promise<Side | Absent> {
    const known = this.#sides.get(name);
    if (known !== undefined) return known;
    const side = await this.fresh(name);
    this.#sides.set(name, side);
    return side;
  }

  /** The shared instances of those sides that can be measured here, by name. */
  async present(names: readonly SideName[]): Promise<Map<SideName, Side>> {
    const found = new Map<SideName, Side>();
    for (const name of names) {
      const side = await this.side(name);
      if (!("absent" in side)) found.set(name, side);
    }
    return found;
  }

  /** Why a side is not there; null if it is. */
  async absence(name: SideName): Promise<string | null> {
    const side = await this.side(name);
    return "absent" in side ? `${name}: ${side.absent}` : null;
  }

  /** A new instance, warmed up, that the caller stops. */
  async fresh(name: SideName): Promise<Side | Absent> {
    try {
      const side = await this.#start(name);
      await warmUp(side, this.quick ? 300 : 800);
      return side;
    } catch (error) {
      return { absent: error instanceof Error ? error.message : String(error) };
    }
  }

  async close(): Promise<void> {
    await stopAll();
  }

  async #start(name: SideName): Promise<Side> {
    switch (name) {
      case "direct":
        return { child: this.#upstream, url: this.#upstream.url, headers: {} };
      case "bare": {
        const child = await startProcess("bare", this.context, [`${this.context.upstream}/v1/chat/completions`]);
        return { child, url: child.url, headers: {} };
      }
      case "nginx":
        return await startNginx(this.context);
      case "portkey":
        return await startPortkey(this.context);
      case "gate":
        return await startGate(this.context);
    }
  }
}

/** Both kinds of call, so that the compiler has seen the hot path; a wrong answer makes the side absent. */
async function warmUp(side: Side, calls: number): Promise<void> {
  const connection = await Connection.open(side.url);
  try {
    for (const chunks of side.streams === false ? [0] : [0, 48]) {
      const request = chatRequest(side.url, { chunks, pace: 0 }, side.headers);
      for (let call = 0; call < calls / (chunks + 1); call++) {
        let body = "";
        const status = await connection.exchange(request, (bytes) => {
          if (body.length < 300) body += new TextDecoder().decode(bytes);
        });
        if (status !== 200) throw new Error(`answers ${status}: ${body.slice(0, 300)}`);
      }
    }
  } finally {
    connection.close();
  }
}
