import { assert, assertEquals } from "@std/assert";
import { Api, getTokens } from "./api.ts";
import { runCommand } from "./command_line.ts";
import { Gate, type GateOptions, Home } from "./gate.ts";

/** A price of one micro for each token of the model, read or written. */
const PRICES = { currency: "USD", models: { m: { input: 1, output: 1 } } };

/** The one model of {@linkcode PRICES}. */
export const PRICED_MODEL = "m";

const ADMIN = { username: "admin", password: "the administrator's password" };

/** An install that demands a credential: settings and a folder that all its processes share. */
export class Install implements AsyncDisposable {
  readonly options: GateOptions;

  private constructor(readonly home: Home, env: Record<string, string>) {
    this.options = { env, home };
  }

  /** @param env settings beside those of accounts and prices */
  static async make(env: Record<string, string>): Promise<Install> {
    const home = await Home.make();
    const prices = `${home.path}/prices.json`;
    await Deno.writeTextFile(prices, JSON.stringify(PRICES));
    return new Install(home, {
      AUTH: "required",
      // Strangers who register are limited; the suites' users are made by the administrator.
      REGISTRATION: "closed",
      ADMIN_USERNAME: ADMIN.username,
      ADMIN_PASSWORD: ADMIN.password,
      PRICES_FILE: prices,
      LLM_MODEL_NAME: PRICED_MODEL,
      ...env,
    });
  }

  /** Starts so many processes on the one folder, all at once. */
  async start(processes: number): Promise<Gates> {
    const starting = await Promise.allSettled(Array.from({ length: processes }, () => Gate.start(this.options)));
    const gates = new Gates(starting.flatMap((result) => result.status === "fulfilled" ? [result.value] : []));
    const failed = starting.find((result) => result.status === "rejected");
    if (failed === undefined) return gates;
    await gates[Symbol.asyncDispose]();
    throw failed.reason;
  }

  /** An administrator who has logged in. */
  async admin(gate: Gate): Promise<Api> {
    return new Api(gate.url, (await getTokens(gate.url, ADMIN)).access_token);
  }

  /**
   * Runs the command line to its end, which must be a good one.
   *
   * @param stdin what is typed to it
   * @returns all that it wrote
   */
  async command(args: readonly string[], stdin = ""): Promise<string> {
    const { code, output } = await runCommand(args, this.options, stdin);
    assertEquals(code, 0, `gatehouse ${args.join(" ")}:\n${output}`);
    return output;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.home[Symbol.asyncDispose]();
  }
}

/** The processes of one install. */
export class Gates implements AsyncDisposable {
  constructor(readonly all: readonly Gate[]) {}

  /** The n-th; they take turns. */
  at(n: number): Gate {
    const gate = this.all[n % this.all.length];
    assert(gate !== undefined);
    return gate;
  }

  /** Stops them as their user would. */
  async stop(): Promise<void> {
    await Promise.all(this.all.map((gate) => gate.stop()));
  }

  /** Kills what still runs. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.all.map((gate) => gate[Symbol.asyncDispose]()));
  }
}

/** The key in what `gatehouse key create` wrote. */
export function keyIn(output: string): string {
  const key = /\bgh_[0-9A-Za-z]{12}_[0-9A-Za-z]{43}\b/.exec(output)?.[0];
  assert(key !== undefined, output);
  return key;
}
