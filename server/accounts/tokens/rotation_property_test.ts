import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import fc from "fast-check";
import { GatehouseError } from "../../errors/mod.ts";
import { Secret } from "../../secrets/mod.ts";
import type { Grant } from "./tokens.ts";
import { assertCode, type Process, withRig } from "./tokens_fixture.ts";

type Ending = "granted" | "invalid_grant" | "storage_unavailable";
type CommitFault = "none" | "unavailable" | "answer_lost";

const fault = fc.constantFrom<CommitFault[]>("none", "none", "unavailable", "answer_lost");
const process = fc.nat(2);
const MONTH = 30 * 24 * 60 * 60 * 1000;

async function refresh(
  { store, refresh }: Process,
  shown: Secret,
  kind: CommitFault,
): Promise<{ readonly ending: Ending; readonly grant: Grant | null }> {
  if (kind !== "none") store.fail({ kind }, { calls: ["commit"], times: 1 });
  try {
    return { ending: "granted", grant: await refresh(shown) };
  } catch (error) {
    assertInstanceOf(error, GatehouseError);
    assert(error.code === "invalid_grant" || error.code === "storage_unavailable", error.code);
    return { ending: error.code, grant: null };
  } finally {
    store.heal();
  }
}

/** What must be true of one login, told from the outside alone. */
class Login {
  readonly texts: string[];
  readonly grants: Grant[];
  alive = true;
  /** The number of the one good token; it may be one that nobody has been told yet. */
  #good = 0;
  #rotatedAt: number;

  constructor(first: Grant, now: number) {
    this.texts = [first.refreshToken.reveal()];
    this.grants = [first];
    this.#rotatedAt = now;
  }

  /** How the use of the n-th token must end, with what it changes. */
  use(n: number, now: number, kind: CommitFault): { readonly ending: Ending; readonly gives: number } {
    const gives = n + 1;
    if (!this.alive) return { ending: "invalid_grant", gives };
    const inGrace = n === this.#good - 1 && now - this.#rotatedAt < 10_000;
    if (inGrace) return { ending: "granted", gives };
    if (kind !== "unavailable") {
      if (n === this.#good) [this.#good, this.#rotatedAt] = [gives, now];
      else this.alive = false;
    }
    if (kind !== "none") return { ending: "storage_unavailable", gives };
    return { ending: this.alive ? "granted" : "invalid_grant", gives };
  }

  /** There is one successor to each token, ever. */
  told(n: number, grant: Grant): void {
    const text = grant.refreshToken.reveal();
    assertEquals(this.texts[n] ?? text, text);
    this.texts[n] = text;
    this.grants.push(grant);
  }
}

/** To a process that has no copies. */
async function assertStanding({ verify }: Process, { alive, grants }: Login): Promise<void> {
  for (const { accessToken } of grants) {
    if (alive) await verify(accessToken);
    else await assertCode("invalid_token", () => verify(accessToken));
  }
}

Deno.test("refresh() in any order, by any holder, with any lost answer: one chain, and reuse after the grace ends it", () =>
  withRig(async (rig) => {
    const processes = [rig.start(), rig.start(), rig.start()];
    const step = fc.oneof(
      fc.record({ back: fc.constantFrom(0, 0, 0, 1, 1, 2, 3), process, fault }),
      fc.record({ wait: fc.constantFrom(1, 3_000, 9_999, 10_000, 60_000) }),
    );
    const seen = { granted: 0, invalid_grant: 0, storage_unavailable: 0 };
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), async (steps) => {
        const login = new Login(await rig.start().issue(rig.addUser()), rig.clock.now());
        for (const one of steps) {
          if ("wait" in one) {
            rig.clock.jump(one.wait);
            continue;
          }
          // An honest client shows the newest it was told; a thief, or a client that lost an answer, an older one.
          const n = Math.max(0, login.texts.length - 1 - one.back);
          const expected = login.use(n, rig.clock.now(), one.fault);
          const tokens = processes[one.process];
          assert(tokens !== undefined);
          const { ending, grant } = await refresh(tokens, new Secret(login.texts[n] ?? ""), one.fault);
          assertEquals(ending, expected.ending);
          if (grant !== null) login.told(expected.gives, grant);
          seen[ending]++;
        }
        await assertStanding(rig.start(), login);
      }),
      { numRuns: 150 },
    );
    for (const [ending, times] of Object.entries(seen)) assert(times > 20, `${ending} was met ${times} times`);
  }));

Deno.test("refresh() never costs a client its login that tries again within the grace", () =>
  withRig(async (rig) => {
    const processes = [rig.start(), rig.start(), rig.start()];
    const attempt = fc.record({ process, fault, pause: fc.nat(2_400) });
    const turn = fc.record({ idle: fc.nat(MONTH - 20_000), failing: fc.array(attempt, { maxLength: 4 }), process });
    await fc.assert(
      fc.asyncProperty(fc.array(turn, { minLength: 1, maxLength: 8 }), async (turns) => {
        let { refreshToken: held } = await rig.start().issue(rig.addUser());
        for (const { idle, failing, process: last } of turns) {
          rig.clock.jump(idle);
          for (const { process, fault, pause } of failing) {
            const tokens = processes[process];
            assert(tokens !== undefined);
            // Its answer is lost on the way to the client, whatever it was.
            assert((await refresh(tokens, held, fault)).ending !== "invalid_grant");
            rig.clock.jump(pause);
          }
          const { grant } = await refresh(processes[last] ?? rig.start(), held, "none");
          assert(grant !== null);
          held = grant.refreshToken;
        }
      }),
      { numRuns: 100 },
    );
    assertEquals(rig.warnings, []);
  }));
