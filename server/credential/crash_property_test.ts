import { assert } from "@std/assert";
import fc from "fast-check";
import { GatehouseError } from "../errors/mod.ts";
import { Secret } from "../secrets/mod.ts";
import type { Behaviour } from "./testing/fake_provider.ts";
import type { RefreshStep } from "./mod.ts";
import { never, type Rig, withRig } from "./testing/rig.ts";
import { type Machine, tokenOf } from "./testing/machine.ts";
import { storedRefreshToken } from "./testing/served.ts";

type Event =
  | { readonly do: "start"; readonly diesAt: RefreshStep | null; readonly time: number }
  | { readonly do: "kill" | "stop" | "authorize" | "reject" | "store_down" | "store_up"; readonly which: number }
  | { readonly do: "advance"; readonly ms: number }
  | { readonly do: "jump"; readonly ms: number }
  | { readonly do: "fault"; readonly behaviour: Behaviour };

const which = fc.nat(2);
const event: fc.Arbitrary<Event> = fc.oneof(
  fc.record({
    do: fc.constant("start" as const),
    diesAt: fc.constantFrom<(RefreshStep | null)[]>(
      null,
      null,
      "lock_taken",
      "reread",
      "intent_stored",
      "redeemed",
      "stored",
    ),
    time: fc.integer({ min: 1, max: 3 }),
  }),
  fc.record({
    do: fc.constantFrom(
      ...["kill", "stop", "authorize", "authorize", "reject", "store_down", "store_up"] as const,
    ),
    which,
  }),
  fc.record({
    do: fc.constant("advance" as const),
    ms: fc.constantFrom(50, 1000, 5000, 61_000, 400_000, 540_000, 700_000),
  }),
  fc.record({ do: fc.constant("jump" as const), ms: fc.constantFrom(-3_600_000, 3_600_000, 90_000) }),
  fc.record({
    do: fc.constant("fault" as const),
    behaviour: fc.constantFrom<Behaviour[]>(
      { kind: "late", ms: 3000 },
      { kind: "late", ms: 30_000 },
      { kind: "lost", spends: true },
      { kind: "lost", spends: false },
      { kind: "hang", spends: true },
      { kind: "hang", spends: false },
      { kind: "not_sent" },
      { kind: "mangled", how: "garbage" },
      { kind: "mangled", how: "breaks" },
      { kind: "answer", status: 429 },
      { kind: "answer", status: 503, headers: { "retry-after": "20" } },
      { kind: "answer", status: 500 },
      { kind: "good", omit: ["refresh_token"] },
    ),
  }),
);

/** A run of events, checked after each one. */
class Run {
  readonly #rig: Rig;
  readonly #seed: Secret;
  readonly machines: Machine[] = [];
  /** Answers that never reached the store: deaths, losses and unreadable ones. Each allows one more try of its token. */
  #doubts = 0;

  constructor(rig: Rig) {
    this.#rig = rig;
    this.#seed = new Secret(rig.provider.grant().refreshToken);
  }

  async apply(event: Event): Promise<void> {
    const { clock, provider } = this.#rig;
    switch (event.do) {
      case "start": {
        if (this.machines.filter((machine) => !machine.dead).length >= 3) return;
        const settings = { refreshToken: this.#seed };
        const { diesAt: step, time } = event;
        const options = step === null ? { settings } : { settings, diesAt: { step, time } };
        this.machines.push(await this.#rig.start(options));
        break;
      }
      case "advance":
        await clock.advance(event.ms);
        break;
      case "jump":
        clock.jump(event.ms);
        await clock.advance(0);
        break;
      case "fault":
        provider.next(event.behaviour);
        if (["lost", "hang", "mangled"].includes(event.behaviour.kind)) this.#doubts++;
        if (event.behaviour.kind === "answer" && event.behaviour.status === 500) this.#doubts++;
        break;
      default:
        await this.#touch(event.do, this.machines.filter((machine) => !machine.dead)[event.which]);
    }
    await this.check();
  }

  async #touch(what: string, machine: Machine | undefined): Promise<void> {
    if (machine === undefined) return;
    if (what === "store_down") {
      machine.store.fail({ kind: "unavailable" });
      machine.cutOff = true;
    }
    if (what === "store_up") machine.store.heal();
    if (what === "kill") machine.kill();
    if (what === "stop") {
      // A process that stops lets the store be: what it cannot store is lost, and that is another test's subject.
      machine.store.heal();
      machine.stop();
      await this.#rig.clock.advance(130_000);
    }
    if (what === "authorize") await this.#authorize(machine);
    if (what === "reject") {
      const authorization = machine.credential.authorize(never);
      if (!(authorization instanceof Promise)) {
        machine.credential.rejected(authorization.generation, never).catch(ours);
      } else authorization.catch(ours);
      await this.#rig.clock.advance(10);
    }
  }

  /** No token is handed out that is not stored, but while unsaved. */
  async #authorize(machine: Machine): Promise<void> {
    let token: string | null = null;
    const asked = Promise.resolve(machine.credential.authorize(never))
      .then((authorization) => void (token = tokenOf(authorization)), ours);
    await this.#rig.clock.advance(10);
    if (token === null) return void asked;
    const stored = (await (await this.#rig.stored()).load())?.record;
    const state = machine.credential.health().state;
    const behind = machine.store.count("get") > 0 && stored?.accessToken !== token;
    if (state !== "unsaved" && behind) {
      // Another process has renewed since: what this one serves was stored before.
      assert(this.stored.has(token), `handed out, never stored: ${token} in state ${state}`);
    }
  }

  readonly stored = new Set<string>();

  /** What the provider has seen must stay within the rules, whatever happened. */
  async check(): Promise<void> {
    const { provider } = this.#rig;
    const record = (await (await this.#rig.stored()).load())?.record;
    if (record?.accessToken) this.stored.add(record.accessToken);
    assert(provider.mostAtOnce <= 1, "two redeems of one refresh token in flight");
    for (const sent of Map.groupBy(this.#rig.sent, ({ refreshToken }) => refreshToken).values()) {
      // Sent again only where the answer is not known, or known to have changed nothing.
      for (const [i, { machine, ending }] of sent.slice(0, -1).entries()) {
        // A 4xx may be the fault of one process's settings: each may ask once.
        const again = ending === "refused" ? sent.slice(i + 1).some((next) => next.machine === machine) : true;
        const allowed = machine.killed || !again || ["kept", "busy", "lost"].includes(ending);
        assert(allowed, `sent again after it ended: ${ending}`);
      }
      const since = sent.slice(sent.findLastIndex(({ ending }) => ending === "kept") + 1);
      const doubts = since.filter(({ ending }) => ending === "lost").length;
      const deaths = sent.filter(({ machine }) => machine.killed).length;
      assert(doubts <= 2 + deaths, `${doubts} answers to one refresh token were lost, after ${deaths} deaths`);
    }
  }

  /** All is well again: the credential serves, or a login is truly needed. */
  async finish(): Promise<void> {
    const { clock, provider } = this.#rig;
    provider.calm();
    for (const machine of this.machines) if (!machine.dead) machine.store.heal();
    await clock.advance(130_000);
    await this.check();
    for (const machine of this.machines) machine.kill();
    const last = await this.#rig.start({ settings: { refreshToken: this.#seed } });
    await clock.advance(700_000);
    const { state, serving } = last.credential.health();
    if (state === "reauth_required") {
      const live = provider.isLive(await storedRefreshToken(this.#rig));
      const deaths = this.machines.length;
      assert(!live || deaths + this.#doubts >= 2, "a login is asked for though the refresh token is alive");
    } else assert(serving && state === "valid", `${state}, serving ${serving}`);
  }
}

function ours(error: unknown): void {
  if (!(error instanceof GatehouseError)) throw error;
  assert(!error.message.includes("canary"));
}

/** The same runs each time; with CRASH_RUNS=<n> as many others. */
const RUNS = Deno.env.get("CRASH_RUNS");

Deno.test("crashes, faults, restarts and clocks in any order: no forbidden reuse, nothing lost without a reason", () =>
  fc.assert(
    fc.asyncProperty(fc.array(event, { minLength: 4, maxLength: 25 }), (events) =>
      withRig(async (rig) => {
        const run = new Run(rig);
        for (const event of [{ do: "start", diesAt: null, time: 1 } as const, ...events]) await run.apply(event);
        await run.finish();
      })),
    RUNS === undefined ? { numRuns: 150, seed: 20_260_101 } : { numRuns: Number(RUNS) },
  ));
